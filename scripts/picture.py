"""Take pictures of pages, of invented people in a simulated tenant.

python -m scripts.picture            the case page that the README shows
python -m scripts.picture FOLDER     every page, wide and narrow, light and dark, to be looked at
"""

from __future__ import annotations

import asyncio
import shutil
import struct
import sys
import tempfile
import zlib
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, FloatRect, Page, ViewportSize, sync_playwright

from shared.pages.render import Pages
from tests.e2e.gallery import LOOKS, play
from tests.pages import stories

PICTURE: Final = Path(__file__).resolve().parents[1] / "docs" / "case-page.png"
LIMIT: Final = 200_000
"""Bytes a picture in a repository may weigh."""
WIDTH: Final = 1120
FLAGS: Final = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run")

_FEW_COLOURS: Final = """async address => {
    const image = new Image();
    image.src = address;
    await image.decode();
    const {width, height} = image;
    const canvas = Object.assign(document.createElement("canvas"), {width, height});
    const pen = canvas.getContext("2d");
    pen.drawImage(image, 0, 0);
    const seen = pen.getImageData(0, 0, width, height).data;
    const counts = new Map();
    for (let n = 0; n < seen.length; n += 4) {
        const colour = (seen[n] << 16) | (seen[n + 1] << 8) | seen[n + 2];
        counts.set(colour, (counts.get(colour) || 0) + 1);
    }
    const part = (colour, n) => (colour >> n) & 255;
    const far = (a, b) => [16, 8, 0].reduce((sum, n) => sum + (part(a, n) - part(b, n)) ** 2, 0);
    const palette = [];
    for (const [colour] of [...counts].sort((a, b) => b[1] - a[1])) {
        const news = palette.every(one => far(one, colour) > 150);
        if (palette.length < 256 && (news || palette.length < 16)) palette.push(colour);
    }
    const nearest = new Map();
    for (const colour of counts.keys()) {
        let best = 0;
        palette.forEach((one, n) => {
            if (far(one, colour) < far(palette[best], colour)) best = n;
        });
        nearest.set(colour, best);
    }
    let text = "";
    for (let n = 0; n < seen.length; n += 4) {
        const colour = (seen[n] << 16) | (seen[n + 1] << 8) | seen[n + 2];
        text += String.fromCharCode(nearest.get(colour));
    }
    return {width, height, palette, pixels: btoa(text)};
}"""
"""Reduces a picture to 256 colours at most, in the browser, which can read PNG."""


def main(*folders: str) -> int:
    """Take the README's picture, or with a folder those of every page."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("needs Chromium, and there is none on the PATH", file=sys.stderr)
        return 1
    shown = _played() if folders else {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        if folders:
            _everything(browser, shown, Path(folders[0]))
            return 0
        picture = _case_page(browser)
    if len(picture) > LIMIT:
        print(f"the picture weighs {len(picture)} bytes, more than {LIMIT}", file=sys.stderr)
        return 1
    PICTURE.write_bytes(picture)
    print(f"{PICTURE.name}: {len(picture)} bytes")
    return 0


def _case_page(browser: Browser) -> bytes:
    """Render, and photograph from the top to the end of the timeline."""
    page = browser.new_page(viewport={"width": WIDTH, "height": 900}, color_scheme="light")
    page.set_content(Pages("/api").case(stories.contained().view()))
    bottom = page.evaluate("document.querySelector('.timeline').getBoundingClientRect().bottom")
    part = FloatRect(x=0, y=0, width=WIDTH, height=bottom + 24)
    return small(page, page.screenshot(full_page=True, clip=part))


def _played() -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(play(Path(folder)))


def _everything(browser: Browser, shown: dict[str, str], folder: Path) -> None:
    """Photograph each page from top to bottom, as NAME-WIDTH-SCHEME.png."""
    folder.mkdir(parents=True, exist_ok=True)
    for scheme, width in LOOKS:
        page = browser.new_page(viewport=ViewportSize(width=width, height=800), color_scheme=scheme)
        for name, html in shown.items():
            page.set_content(html)
            page.screenshot(full_page=True, path=folder / f"{name}-{width}-{scheme}.png")
        page.close()
    print(f"{len(shown)} pages, {len(LOOKS)} pictures of each, in {folder}")


def small(page: Page, picture: bytes) -> bytes:
    """Write a picture again with one byte per pixel, packed as tightly as PNG can."""
    page.goto("about:blank")
    said = page.evaluate(_FEW_COLOURS, f"data:image/png;base64,{b64encode(picture).decode()}")
    width, height, pixels = said["width"], said["height"], b64decode(said["pixels"])
    rows = b"".join(b"\0" + pixels[n * width : (n + 1) * width] for n in range(height))
    palette = b"".join(colour.to_bytes(3) for colour in said["palette"])
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = (
        (b"IHDR", header),
        (b"PLTE", palette),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:2]))
