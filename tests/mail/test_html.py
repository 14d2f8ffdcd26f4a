import time

import pytest

from stages.mail.html import html_to_text


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
        ("", ""),
    ],
)
def test_a_reader_would_see_this(html: str, text: str) -> None:
    assert html_to_text(html) == text


HOSTILE = "<!-- --> <!--> <script> <style <title <a < <a' </ &# &amp <script></script <p>x <div>"


@pytest.mark.parametrize("piece", [*HOSTILE.split(), " ", '<a "'])
def test_time_is_linear_in_hostile_markup(piece: str) -> None:
    html = piece * (500_000 // len(piece))
    began = time.process_time()
    html_to_text(html)
    # Measured: at most 0.1 s; one quadratic step would take minutes.
    assert time.process_time() - began < 5
