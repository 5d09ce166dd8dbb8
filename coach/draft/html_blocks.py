"""The main content of a web page as blocks, without menus, adverts, comments and biographies."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from coach.draft.blocks import MAX_BLOCKS, Block, Handout, tidy

_SILENT = frozenset(
    {
        *("script", "style", "noscript", "template", "nav", "footer", "aside", "form", "button"),
        *("svg", "select", "textarea", "figcaption", "iframe", "object", "video", "audio", "math"),
        *("dialog", "menu", "canvas", "map", "address"),
    }
)
_VOID = frozenset(
    {
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param"),
        *("source", "track", "wbr"),
    }
)
_PARTING = frozenset(
    {
        *("p", "div", "section", "article", "main", "ul", "ol", "dl", "dt", "dd", "table", "tr"),
        *("blockquote", "pre", "header", "figure", "body", "html", "tbody", "thead", "center"),
        *("details", "summary", "hr", "fieldset", "legend", "caption"),
    }
)
_WHOLE = frozenset({"html", "body", "main", "article"})
"""Elements that are never left out for the names that they are given."""
_ROLES = frozenset(
    {"navigation", "banner", "contentinfo", "complementary", "search", "dialog", "alert"}
)
_NOISE = frozenset(
    {
        *(
            "ad",
            "ads",
            "advert",
            "adverts",
            "advertisement",
            "advertising",
            "adsense",
            "adsbygoogle",
            "sponsor",
        ),
        *("sponsored", "promo", "promotion", "cookie", "cookies", "consent", "gdpr", "banner"),
        *("nav", "navbar", "navigation", "menu", "breadcrumb", "breadcrumbs", "sidebar", "related"),
        *("recommended", "recommendations", "recommend", "popular", "trending", "share", "sharing"),
        *("social", "newsletter", "subscribe", "subscription", "signup", "comment", "comments"),
        *("disqus", "respond", "author", "authors", "bio", "byline", "meta", "footer", "topbar"),
        *("toc", "popup", "modal", "overlay", "search", "login", "widget", "caption", "credit"),
        *(
            "credits",
            "references",
            "reference",
            "masthead",
            "skip",
            "tags",
            "pagination",
            "outbrain",
        ),
        *(
            "taboola",
            "teaser",
            "shop",
            "cta",
            "affiliate",
            "disclosure",
            "copyright",
            "announcement",
        ),
    }
)
_HEADERS = frozenset({"header", "site", "masthead", "page"})
_NAME_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_HEADING = re.compile(r"h([1-6])$")


def html_handout(text: str, *, by_name: bool = True) -> Handout:
    """Return the content of a web page.

    Args:
        text: the page's source.
        by_name: leave out elements whose class or id tells that they are none of the content.
    """
    parser = _Parser(by_name=by_name)
    parser.feed(text)
    parser.close()
    parser.flush()
    return Handout(tuple(parser.blocks), tidy(parser.title).replace("\n", " "))


class _Parser(HTMLParser):
    """Makes blocks of what is read; builds no tree, so depth costs nothing."""

    def __init__(self, *, by_name: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self.title = ""
        self._by_name = by_name
        self._open: list[str] = []
        self._silent_from: int | None = None
        self._in_title = False
        self._text: list[str] = []
        self._heading = 0
        self._lists: list[int] = []
        self._mark = ""
        self._bold = 0
        self._lead: list[str] = []
        self._lead_is_open = False
        self._stressed: list[list[str]] = []
        self._all_stressed: list[str] = []
        self._linked = 0
        self._in_link = 0
        self._cells: list[str] | None = None
        self._heads: tuple[str, ...] = ()
        self._row_is_head = False

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """Return where a `<![...` ends; one that is none is a comment, as browsers have it."""
        try:
            return super().parse_marked_section(i, report)
        except AssertionError:  # how the library tells of an unknown word in it
            return self.parse_bogus_comment(i)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "title":
            self._in_title = not self.title
        if tag == "br":
            self._text.append("\n")
            self._lead_is_open = False
        if tag in _VOID:
            if tag == "hr":
                self.flush()
            return
        if tag in ("li", "p", "tr", "td", "th", "dt", "dd"):
            self._close_implied(tag)
        self._open.append(tag)
        if self._silent_from is None and self._is_noise(tag, dict(attrs)):
            self.flush()
            self._silent_from = len(self._open)
        if self._silent_from is None:
            self._begin(tag)

    def _close_implied(self, tag: str) -> None:
        """Close what ends without an end tag where `tag` begins."""
        if self._open and self._open[-1] == tag and tag != "p":
            self.handle_endtag(tag)
        elif self._open and self._open[-1] == "p":
            self.handle_endtag("p")

    def _begin(self, tag: str) -> None:
        heading = _HEADING.match(tag)
        if heading:
            self.flush()
            self._heading = int(heading[1])
        elif tag in ("ul", "ol"):
            self.flush()
            self._lists.append(1 if tag == "ol" else 0)
            if len(self._lists) > 50:
                del self._lists[0]
        elif tag == "li":
            self.flush()
            self._mark = "-"
            if self._lists and self._lists[-1]:
                self._mark = f"{self._lists[-1]}."
                self._lists[-1] += 1
        elif tag == "table":
            self.flush()
            self._heads = ()
        elif tag == "tr":
            self.flush()
            self._cells, self._row_is_head = [], True
        elif tag in ("td", "th"):
            self._take_cell()
            self._row_is_head = self._row_is_head and tag == "th"
        elif tag in _PARTING and self._cells is None:
            # The paragraph of an item is the item.
            if not (tag in ("p", "div") and self._mark and not "".join(self._text).strip()):
                self.flush()
        elif tag in _PARTING:
            self._text.append("\n")
        elif tag in ("b", "strong", "em", "i"):
            if tag in ("b", "strong"):
                self._lead_is_open = not "".join(self._text).strip() or bool(self._lead_is_open)
                self._bold += 1
            self._stressed.append([])
        elif tag == "a":
            self._in_link += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        if tag not in self._open[-200:]:
            return
        while self._open:
            closed = self._open.pop()
            if self._silent_from is not None:
                if len(self._open) < self._silent_from:
                    self._silent_from = None
            else:
                self._end(closed)
            if closed == tag:
                break

    def _end(self, tag: str) -> None:
        if _HEADING.match(tag):
            self.flush()
        elif tag in ("ul", "ol"):
            self.flush()
            if self._lists:
                self._lists.pop()
        elif tag == "tr":
            self._take_cell()
            self._take_row()
        elif tag in ("td", "th"):
            self._take_cell()
        elif tag == "li" or (tag in _PARTING and self._cells is None):
            self.flush()
        elif tag in ("b", "strong", "em", "i"):
            if tag in ("b", "strong"):
                self._bold = max(0, self._bold - 1)
                if not self._bold:
                    self._lead_is_open = False
            if self._stressed:
                words = tidy("".join(self._stressed.pop()))
                if words:
                    self._all_stressed.append(words)
        elif tag == "a":
            self._in_link = max(0, self._in_link - 1)

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data[:500]
            return
        if self._silent_from is not None or "head" in self._open[:3]:
            return
        data = " ".join(data.split("\n")) if "\n" in data else data
        self._text.append(data)
        if self._bold and self._lead_is_open:
            self._lead.append(data)
        for words in self._stressed[-3:]:
            words.append(data)
        if self._in_link:
            self._linked += len(data.strip())

    def _take_cell(self) -> None:
        if self._cells is not None:
            text = tidy("".join(self._text))
            self._text.clear()
            self._lead.clear()
            self._all_stressed.clear()
            self._linked = 0
            if text or self._open[-1:] in (["td"], ["th"]) or self._cells:
                self._cells.append(text)

    def _take_row(self) -> None:
        # A cell is taken at its end and again at the row's; what is empty then was none.
        cells = list(self._cells or [])
        self._cells = None
        self.flush()
        if not any(cells):
            return
        if self._row_is_head and not self._heads:
            self._heads = tuple(cells)
        elif len(self.blocks) < MAX_BLOCKS:
            self.blocks.append(
                Block("row", "\n".join(filter(None, cells)), cells=tuple(cells), heads=self._heads)
            )

    def flush(self) -> None:
        """End the paragraph."""
        raw = "".join(self._text)
        text = tidy(raw)
        is_linked = self._linked > 0.8 * max(1, len(raw.strip()))
        if text and not is_linked and len(self.blocks) < MAX_BLOCKS:
            kind = "heading" if self._heading else "item" if self._mark else "text"
            self.blocks.append(
                Block(
                    kind,  # type: ignore[arg-type]
                    text if kind != "heading" else text.replace("\n", " "),
                    level=self._heading or (len(self._lists) if self._mark else 0),
                    lead=tidy("".join(self._lead)).replace("\n", " "),
                    mark=self._mark,
                    stressed=tuple(self._all_stressed),
                )
            )
        if text or not self._mark:
            self._mark = ""
        self._heading, self._linked = 0, 0
        self._text.clear()
        self._lead.clear()
        self._all_stressed.clear()
        self._lead_is_open = False

    def _is_noise(self, tag: str, attributes: dict[str, str | None]) -> bool:
        if tag in _SILENT:
            return True
        if tag in _WHOLE:
            return False
        if (
            attributes.get("role") in _ROLES
            or "hidden" in attributes
            or attributes.get("aria-hidden") == "true"
        ):
            return True
        if _HIDDEN.search(attributes.get("style") or ""):
            return True
        if tag == "header" and not {"article", "main"} & set(self._open):
            return True
        if not self._by_name or (
            tag in ("a", "span", "td", "th", "tr", "li", "p") and not attributes.get("class")
        ):
            return False
        for name in (attributes.get("class") or "", attributes.get("id") or ""):
            for word in name.split()[:20]:
                parts = {part.lower() for part in _NAME_PART.findall(word[:80])}
                if parts & _NOISE or (tag == "div" and "header" in parts and parts <= _HEADERS):
                    return True
        return False
