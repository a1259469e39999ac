//! Holds nothing: the tests lie beside it, one folder per kind.
