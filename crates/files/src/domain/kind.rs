/// What a file is, told by its content and never by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// PDF.
    Pdf,
    /// JPEG picture.
    Jpeg,
    /// PNG picture.
    Png,
    /// GIF picture.
    Gif,
    /// Word document of before 2007.
    Doc,
    /// Word document (Office Open XML).
    Docx,
    /// Plain text, UTF-8.
    Txt,
}

impl FileKind {
    /// All of them.
    pub const ALL: [Self; 7] = [Self::Pdf, Self::Jpeg, Self::Png, Self::Gif, Self::Doc, Self::Docx, Self::Txt];

    /// How it is told on the wire and in the store.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::Doc => "doc",
            Self::Docx => "docx",
            Self::Txt => "txt",
        }
    }

    /// The media type that it is handed out with.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::Doc => "application/msword",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Txt => "text/plain; charset=utf-8",
        }
    }

    /// The kind of that [name](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// How names of such files end, the usual one first.
    #[must_use]
    pub const fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Pdf => &["pdf"],
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Png => &["png"],
            Self::Gif => &["gif"],
            Self::Doc => &["doc"],
            Self::Docx => &["docx"],
            Self::Txt => &["txt"],
        }
    }

    /// Is it a picture? What is read in one may be misread.
    #[must_use]
    pub const fn is_picture(self) -> bool {
        matches!(self, Self::Jpeg | Self::Png | Self::Gif)
    }
}
