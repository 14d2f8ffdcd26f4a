import time

import pytest

from stages.mail.html import html_to_text, named_charset


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("V<b>ia</b>gr<!-- x -->a", "Viagra"),
        ("<td>price</td><td>10</td>", "price 10"),
        ("a<br>b<BR/>c<hr>d", "a\nb\nc\nd"),
        ("<ul><li>x<li>y</ul>", "x\ny"),
        ("long\n  line\tof   text", "long line of text"),
        ("a &amp; b &lt;c&gt; &nbsp;&#8364; &#x20AC; &bogus;", "a & b <c> € € &bogus;"),
        ("1 < 2 and <3", "1 < 2 and <3"),
        ("<head><title>T</title><style>p {}</style></head><body>B", "B"),
        ("x<script>if (a<b) '</p>'</script>y<SCRIPT src=z></SCRIPT >z", "xyz"),
        ("<style>hidden", ""),
        # A comment that is never closed ends with its tag, as old mail programs have it.
        ("<!--#rotate>Terrific", "Terrific"),
        ("<!doctype html><?xml?><![if !mso]>shown<![endif]>", "shown"),
        ("text <unclosed tag", "text"),
        # A quoted value may hold what ends a tag; only one that follows `=` is quoted.
        ('a<a title="x > y" href=z>b</a>', "ab"),
        ("a<i title = '>'>b</i >c", "abc"),
        ('a<font face=Arial">b</font>c<p class="x">d', "abc\nd"),
        ("don't <b>stop</b> it's", "don't stop it's"),
        ('a<a href=x?b="c>d</a>', "ad"),
        # An attribute that is never closed hides the rest, as in a browser.
        ('seen<a href="x>hidden</a>', "seen"),
        # Comments that are empty or badly closed.
        ("a<!-->b<!-- x -->c", "abc"),
        ("a<!--->b<!-- x -->c", "abc"),
        ("a<!-- > --!>b", "ab"),
        ("a<!---->b", "ab"),
        ("vi&shy;ag&#8203;r&zwnj;a", "viagra"),
        ("", ""),
    ],
)
def test_a_reader_would_see_this(html: str, text: str) -> None:
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    ("html", "charset"),
    [
        (b'<meta charset="koi8-r">', "koi8-r"),
        (b"<META content='text/html; charset=big5' http-equiv=Content-Type>", "big5"),
        (b"<meta charset = utf-8 /><meta charset=big5>", "utf-8"),
        (b"<meta name=x><meta\ncharset=big5>", "big5"),
        (b"<p>charset=big5", None),
        (b"x" * 5_000 + b"<meta charset=big5>", None),
    ],
)
def test_the_charset_that_a_page_names(html: bytes, charset: str | None) -> None:
    assert named_charset(html) == charset


HOSTILE = "<!-- --> <!--> <script> <style <title <a < <a' </ &# &amp <script></script <p>x <div>"


@pytest.mark.parametrize("piece", [*HOSTILE.split(), " ", '<a "', '<a b=">" ', "<a b='", "<a ="])
def test_time_is_linear_in_hostile_markup(piece: str) -> None:
    html = piece * (500_000 // len(piece))
    began = time.process_time()
    html_to_text(html)
    # Measured: at most 0.1 s; one quadratic step would take minutes.
    assert time.process_time() - began < 5
