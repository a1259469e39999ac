#!/usr/bin/env python3
"""Makes the samples beside this file with programs that are not ours; nobody in them is real.

    python3 -m venv v && v/bin/pip install python-docx reportlab Pillow pikepdf && v/bin/python make.py
"""
import io
import pathlib
import struct
import zipfile
import zlib

import docx
import pikepdf
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pagesizes import A5
from reportlab.pdfgen.canvas import Canvas

HERE = pathlib.Path(__file__).parent


def canvas(path, lines, pages=1):
    made = Canvas(str(path), pagesize=A5, pageCompression=1, invariant=1)
    for page in range(pages):
        for row, line in enumerate(lines):
            made.drawString(40, 500 - 20 * row, line)
        made.showPage()
    made.save()


def pdfs():
    lines = ["Blood count of 14 March 2026", "Haemoglobin 13.8 g/dl", "Next appointment: 03/27/2026"]
    canvas(HERE / "reportlab.pdf", lines, pages=2)
    with pikepdf.open(HERE / "reportlab.pdf") as pdf:
        # Objects in compressed streams, which only newer readers know.
        pdf.save(HERE / "qpdf-object-streams.pdf", object_stream_mode=pikepdf.ObjectStreamMode.generate, static_id=True)
        pdf.save(HERE / "qpdf-linearized.pdf", linearize=True, static_id=True)
    with pikepdf.open(HERE / "reportlab.pdf") as pdf:
        pdf.save(HERE / "qpdf-owner-password.pdf", encryption=pikepdf.Encryption(owner="owner", user=""), static_id=False)
        pdf.save(HERE / "qpdf-user-password.pdf", encryption=pikepdf.Encryption(owner="owner", user="user"), static_id=False)
    with pikepdf.open(HERE / "reportlab.pdf") as pdf:
        pdf.attachments["notes.txt"] = pikepdf.AttachedFileSpec(pdf, b"a file within", filename="notes.txt")
        pdf.save(HERE / "qpdf-attachment.pdf", object_stream_mode=pikepdf.ObjectStreamMode.generate, static_id=True)
    with pikepdf.open(HERE / "reportlab.pdf") as pdf:
        pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
        pdf.save(HERE / "qpdf-javascript.pdf", object_stream_mode=pikepdf.ObjectStreamMode.generate, static_id=True)


def writing(size=(700, 220)):
    image = Image.new("L", size, 255)
    pen = ImageDraw.Draw(image)
    face = ImageFont.load_default(size=44)
    pen.text((30, 30), "Ordonnance du 14 mars 2026", font=face, fill=0)
    pen.text((30, 110), "Paracetamol 500 mg", font=face, fill=0)
    return image


def pictures():
    image = writing()
    image.save(HERE / "writing.png", optimize=True)
    image.save(HERE / "writing.jpg", quality=80)
    image.save(HERE / "scan.pdf", quality=80)
    small = Image.new("RGB", (6, 4), (200, 30, 30))
    small.putpixel((0, 0), (20, 20, 220))
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Camera of a telephone"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", (48.0, 51.0, 29.0), "E", (2.0, 17.0, 40.0)
    exif[0x8825] = gps
    enlarged = small.resize((60, 40), Image.Resampling.NEAREST)
    enlarged.save(HERE / "gps.jpg", quality=95, exif=exif, comment=b"a word of the camera")
    enlarged.save(HERE / "progressive.jpg", quality=80, progressive=True)
    enlarged.convert("CMYK").save(HERE / "cmyk.jpg", quality=80)
    enlarged.quantize(4).save(HERE / "palette.png", interlace=True)
    enlarged.convert("1").save(HERE / "one-bit.png")
    other = Image.new("RGB", (60, 40), (10, 180, 10))
    enlarged.save(HERE / "moving.gif", save_all=True, append_images=[other], duration=100, loop=0, comment=b"a word")


def document():
    made = docx.Document()
    made.add_heading("Letter of discharge", 1)
    made.add_paragraph("Seen on 2 avril 2026 & sent home; < 3 days of rest.")
    table = made.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text = "Temperature"
    table.rows[0].cells[1].text = "37.2"
    made.add_picture(str(HERE / "palette.png"))
    made.core_properties.author = "Doktolib"
    bytes_ = io.BytesIO()
    made.save(bytes_)
    # The same as small as can be.
    with zipfile.ZipFile(bytes_) as source, zipfile.ZipFile(HERE / "python-docx.docx", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
        for part in source.infolist():
            part.date_time = (1980, 1, 1, 0, 0, 0)
            part.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(part, source.read(part.filename))


class Pipe(io.RawIOBase):
    """Cannot go back, so sizes and sums come behind each part, as office programs in browsers write them."""

    def __init__(self, target):
        self.target = target

    def writable(self):
        return True

    def write(self, data):
        return self.target.write(data)


def archives():
    with zipfile.ZipFile(HERE / "python-docx.docx") as source:
        names = ["[Content_Types].xml", "_rels/.rels", "docProps/core.xml", "docProps/app.xml", "word/document.xml"]
        parts = [(name, source.read(name)) for name in names]
    with open(HERE / "streamed.docx", "wb") as file, zipfile.ZipFile(Pipe(file), "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in parts:
            target.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)

    # Word leaves room for the first part to grow, and tells of it in the local header alone.
    room = struct.pack("<HHHH", 0xA220, 4 + 260, 0xA028, 260) + bytes(260)
    local, directory = b"", b""
    for name, content in parts:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = packer.compress(content) + packer.flush()
        extra = room if name == names[0] else b""
        about = struct.pack("<HHHHHIII", 20, 6, 8, 0, 0x21, zlib.crc32(content), len(packed), len(content))
        directory += b"PK\x01\x02" + struct.pack("<H", 45) + about
        directory += struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, len(local)) + name.encode()
        local += b"PK\x03\x04" + about + struct.pack("<HH", len(name), len(extra)) + name.encode() + extra + packed
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, len(parts), len(parts), len(directory), len(local), 0)
    (HERE / "room-to-grow.docx").write_bytes(local + directory + end)


pdfs()
pictures()
document()
archives()
