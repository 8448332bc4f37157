# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.
import dataclasses
import decimal
import fractions
import re
import unittest
from xml.etree import ElementTree

from babel import localedata
import hypothesis
from hypothesis import strategies
from oslo_config import cfg
import tinyhtml5

from stratometrics import conf as stratometrics_conf
from stratometrics.model import statements
from stratometrics.rating.rendering import document
from stratometrics.rating.rendering import legible
from stratometrics.rating.rendering import notation
from stratometrics.rating.rendering import page
from stratometrics.rating.rendering import texts
from stratometrics.tests import billed
from stratometrics.tests.unit.rating.rendering import drawn

SVG = '{http://www.w3.org/2000/svg}'
#: All that a page is made of.
ELEMENTS = {
    *('html', 'head', 'meta', 'title', 'style', 'body', 'header', 'main'),
    *('section', 'footer', 'address', 'div', 'p', 'h1', 'h2', 'strong'),
    *('span', 'bdi', 'br', 'time', 'data', 'figure', 'table', 'caption'),
    *('thead', 'tbody', 'tr', 'th', 'td'),
    *(f'{SVG}{name}' for name in ('svg', 'g', 'rect', 'path', 'line', 'text')),
    *(f'{SVG}{name}' for name in ('title', 'desc')),
}
ATTRIBUTES = {
    *('lang', 'dir', 'charset', 'http-equiv', 'content', 'name', 'class'),
    *('role', 'scope', 'colspan', 'title', 'value', 'datetime'),
    *('aria-label', 'aria-labelledby', 'id'),
    '{http://www.w3.org/2000/xmlns/}xmlns',
    *('viewBox', 'width', 'height', 'x', 'y', 'x1', 'x2', 'y1', 'y2', 'd'),
    *('fill', 'stroke', 'stroke-opacity', 'text-anchor', 'direction'),
    *('font-family', 'font-size', 'font-weight'),
}


def parsed(html: str) -> ElementTree.Element:
    return tinyhtml5.parse(html, namespace_html_elements=False)


def shown(
    statement: statements.Statement, locale: str | None = None
) -> ElementTree.Element:
    return parsed(
        page.html(document.preview(statement), billed.APPEARANCE, locale)
    )


def words(element: ElementTree.Element) -> str:
    """All that can be read, with single spaces."""
    return ' '.join(''.join(element.itertext()).split())


def with_class(root: ElementTree.Element, name: str) -> list[str]:
    return [words(each) for each in root.iter() if each.get('class') == name]


class PageTest(unittest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.preview = shown(billed.STATEMENT)

    def rows(self, root: ElementTree.Element) -> list[list[str]]:
        return [[words(cell) for cell in row] for row in root.iter('tr')]

    def test_lines_have_quantity_price_and_amount(self) -> None:
        rows = self.rows(self.preview)
        for expected in (
            [
                'm1.large active 8 GiB, general purpose Oct 1 – 15, 2026',
                *('720 h', '€0.08 / h', '€57.6000'),
            ],
            [
                'm1.large active 8 GiB, general purpose Oct 16 – 31, 2026',
                *('383.428571 h', '€0.085 / h', '€32.5914'),
            ],
            [
                'm1.small active availability_zone: nova web-1 '
                '3f2a9f0e-2a4b-4a43-9a0a-7d1f6f1b7d11',
                *('745 h', '€0.0145 / h', '€10.8025'),
            ],
            [
                'ssd size_gib',
                '166.666667 size_gib × months',
                '€0.09 / size_gib × month',
                '€15.0000',
            ],
            ['ssd size_gib up to the minimum charge', '', '', '€1.2500'],
            ['object_requests', '120,394', '€0.000004', '€0.4816'],
            ['Subtotal instance', '€100.9939'],
            ['Subtotal volume', '€16.2500'],
            [
                'm1.large active Deleted before it was known Sep 1 – 30, 2026',
                *('-12 h', '€0.08 / h', '-€0.9600'),
            ],
            ['Before rounding', '€116.7655'],
            ['Total', '€116.77'],
            ['load_balancer small ACTIVE', '745 h'],
            ['dns_queries', '17'],
        ):
            self.assertIn(expected, rows)
        self.assertNotIn(['Subtotal object_requests', '€0.4816'], rows)

    def test_every_reason_but_usage_has_words(self) -> None:
        self.assertEqual(
            set(statements.Charge) - {statements.Charge.USAGE},
            set(statements.Charge) & set(texts.CHARGES),
        )

    def test_exact_numbers_are_in_the_titles(self) -> None:
        exact = {
            each.text: (each.get('title'), each.get('value'))
            for each in self.preview.iter('data')
        }
        self.assertEqual(('2684/7',) * 2, exact['383.428571'])
        self.assertEqual(('11407/350',) * 2, exact['€32.5914'])
        self.assertEqual(('500/3',) * 2, exact['166.666667'])

    def test_the_issuer_and_the_project_are_named(self) -> None:
        text = words(self.preview)
        for expected in (
            *('Nordlicht Cloud AG', 'Hafenstraße 12', '20457 Hamburg'),
            *('acme-production', '8d1c0f6a5b7e4a339b21c0d7e6f5a4b3'),
            *('Acme GmbH', 'eu-central', 'Europe/Berlin', 'October 2026'),
            'Nov 3, 2026, 2:00:00 AM +01:00',
            'Questions: billing@nordlicht.example',
        ):
            self.assertIn(expected, text)

    def test_a_preview_says_so(self) -> None:
        self.assertEqual(
            [
                'PREVIEW This is a preview and not a statement: it was not '
                'issued, and its figures can still change.'
            ],
            with_class(self.preview, 'preview'),
        )
        self.assertIn('PREVIEW', self.preview.findtext('head/title'))

    def test_an_issued_statement_says_which_it_is(self) -> None:
        issued = billed.issued(billed.STATEMENT)
        root = parsed(page.html(document.of(issued), billed.APPEARANCE))
        text = words(root)
        self.assertNotIn('PREVIEW', text)
        self.assertEqual([], with_class(root, 'preview'))
        for expected in (
            issued.number,
            issued.sha256,
            'Nov 3, 2026, 3:00:00 AM +01:00',
        ):
            self.assertIn(expected, text)

    def test_the_same_text_gives_the_same_page(self) -> None:
        issued = billed.issued(billed.STATEMENT)
        again = dataclasses.replace(issued)
        self.assertEqual(
            page.html(document.of(issued), billed.APPEARANCE, 'de'),
            page.html(document.of(again), billed.APPEARANCE, 'de'),
        )

    def test_money_and_dates_are_as_the_place_writes_them(self) -> None:
        for locale, language, expected in (
            ('de', 'de', ['116,77\xa0€', '1.–31. Okt. 2026']),
            ('de-CH', 'de-CH', ['EUR\xa0116.77', '1.–31. Okt. 2026']),
            ('pt_BR', 'pt-BR', ['€\xa0116,77', '1 – 31 de out. de 2026']),
            ('ja', 'ja', ['€116.77', '2026年10月1日～31日']),
        ):
            with self.subTest(locale):
                root = shown(billed.STATEMENT, locale)
                self.assertEqual(language, root.get('lang'))
                self.assertEqual('ltr', root.get('dir'))
                text = re.sub('[\u2009\u202f]', ' ', ''.join(root.itertext()))
                for each in expected:
                    self.assertIn(each, text)

    def test_a_page_can_run_from_right_to_left(self) -> None:
        root = shown(billed.STATEMENT, 'ar')
        self.assertEqual(('ar', 'rtl'), (root.get('lang'), root.get('dir')))
        # The mark keeps the sign before the number.
        self.assertIn('\u200e-12', ''.join(root.itertext()))

    def test_each_currency_has_its_digits_and_its_section(self) -> None:
        in_yen = dataclasses.replace(billed.STATEMENT.daily[0], currency='JPY')
        yen = billed.line(*('volume', 'hdd', '1000000', '1.5'), currency='JPY')
        root = shown(
            dataclasses.replace(
                billed.STATEMENT,
                lines=(*billed.LINES, yen),
                daily=(*billed.STATEMENT.daily, in_yen),
                totals=(
                    *billed.STATEMENT.totals,
                    statements.Total(
                        currency='JPY',
                        exact=fractions.Fraction(1500000),
                        amount=decimal.Decimal(1500000),
                    ),
                ),
            )
        )
        self.assertEqual(
            ['€116.77', '¥1,500,000'], with_class(root, 'sum')[:2]
        )
        self.assertEqual(
            ['Usage (EUR)', 'Adjustments of earlier months (EUR)']
            + ['Usage (JPY)'],
            [words(each) for each in root.iter('caption')][:3],
        )
        row = ['hdd', '1,000,000 h', '¥1.5 / h', '¥1,500,000.00']
        self.assertEqual(
            [row], [each for each in self.rows(root) if each[0] == 'hdd']
        )
        euros, yens = (
            [text.text for text in image.iter(f'{SVG}text')]
            for image in root.iter(f'{SVG}svg')
        )
        self.assertEqual(
            ['instance m1.large', '€90.19', 'volume ssd', '€16.25'],
            euros[-8:-4],
        )
        self.assertEqual(['instance m1.large', '¥2'], yens[-2:])

    def test_nothing_charged_is_said(self) -> None:
        root = shown(
            dataclasses.replace(
                billed.STATEMENT,
                lines=(),
                adjustments=(),
                unpriced=(),
                totals=(),
                daily=(),
            )
        )
        self.assertIn('Nothing was charged.', words(root))
        self.assertEqual([], list(root.iter('figure')))

    def test_what_an_earlier_month_used_without_a_price_is_dated(self) -> None:
        [own, *_] = billed.STATEMENT.unpriced
        own = dataclasses.replace(own, period=billed.OCTOBER)
        earlier = dataclasses.replace(
            own,
            period=dataclasses.replace(
                billed.OCTOBER,
                begin=billed.at(2026, 9, 1),
                end=billed.OCTOBER.begin,
            ),
        )
        text = words(
            shown(
                dataclasses.replace(
                    billed.STATEMENT,
                    lines=(),
                    adjustments=(),
                    totals=(),
                    daily=(),
                    unpriced=(own, earlier),
                )
            )
        )
        self.assertEqual(1, text.count('Sep 1'))

    def test_a_price_change_within_a_day_shows_the_time(self) -> None:
        line = billed.line(
            *('volume', 'hdd', '1', '1'),
            period=dataclasses.replace(
                billed.OCTOBER, end=billed.at(2026, 10, 16, 13)
            ),
        )
        text = words(
            shown(dataclasses.replace(billed.STATEMENT, lines=(line,)))
        )
        self.assertIn(
            'Oct 1, 2026, 12:00:00 AM +02:00 – '
            'Oct 16, 2026, 1:00:00 PM +02:00',
            text,
        )

    def test_it_prints_on_a4_with_repeated_heads(self) -> None:
        style = ' '.join(self.preview.findtext('head/style').split())
        self.assertIn('@page { size: A4;', style)
        self.assertIn('thead { display: table-header-group; }', style)
        self.assertIn('tr { break-inside: avoid; }', style)
        for table in self.preview.iter('table'):
            if table.find('caption') is not None:
                self.assertIsNotNone(table.find('thead'))

    def test_every_number_has_a_heading(self) -> None:
        for row in self.preview.iter('tr'):
            heads = row.findall('th')
            self.assertTrue(heads)
            for head in heads:
                self.assertIn(head.get('scope'), ('row', 'col', 'rowgroup'))


class SafetyTest(unittest.TestCase):
    def check(self, html: str) -> ElementTree.Element:
        """Assert that nothing runs, and nothing comes from outside."""
        root = parsed(html)
        for element in root.iter():
            self.assertIn(element.tag, ELEMENTS)
            for name, value in element.attrib.items():
                self.assertIn(name, ATTRIBUTES)
                if name not in ('title', 'content', 'value', 'aria-label'):
                    self.assertNotRegex(value, r'(?i)url\(|javascript:')
        [style] = root.iter('style')
        self.assertNotRegex(style.text, r'(?i)url\(|@import|<')
        for image in re.findall('<svg .*?</svg>', html, re.DOTALL):
            ElementTree.fromstring(image)
        return root

    @drawn.SETTINGS
    @hypothesis.given(
        drawn.drawn_statements(), strategies.booleans(), drawn.TEXTS
    )
    def test_what_comes_from_outside_stays_text(
        self, statement: statements.Statement, issue: bool, name: str
    ) -> None:
        shown_ = document.preview(statement)
        if issue:
            shown_ = document.of(
                dataclasses.replace(billed.issued(statement), number=name)
            )
        appearance = page.Appearance(
            issuer=name, address=(name, name), footer=name
        )
        root = self.check(page.html(shown_, appearance))
        text = words(root)
        for line in (*statement.lines, *statement.adjustments):
            for each in (line.name, line.resource_id, line.description):
                seen = legible.shortened(legible.legible(each), 255)
                self.assertIn(' '.join(seen.split()), text)

    def test_a_number_stays_within_its_string_of_css(self) -> None:
        shown_ = document.of(
            dataclasses.replace(
                billed.issued(billed.STATEMENT), number='a\\b"; }'
            )
        )
        style = parsed(page.html(shown_, billed.APPEARANCE)).findtext(
            'head/style'
        )
        self.assertIn(
            'content: "a\\00005cb\\000022\\00003b\\000020\\00007d";', style
        )

    def test_a_text_is_shown_as_far_as_a_name_can_be_long(self) -> None:
        line = dataclasses.replace(billed.LINES[0], name='n' * 10_000)
        text = words(
            shown(dataclasses.replace(billed.STATEMENT, lines=(line,)))
        )
        self.assertIn('n' * 254 + '…', text)
        self.assertNotIn('n' * 255, text)

    def test_the_browser_is_told_to_load_nothing(self) -> None:
        [policy] = (
            each.get('content')
            for each in shown(billed.STATEMENT).iter('meta')
            if each.get('http-equiv') == 'Content-Security-Policy'
        )
        self.assertEqual(
            "default-src 'none'; style-src 'unsafe-inline'", policy
        )

    @drawn.SETTINGS
    @hypothesis.given(
        strategies.sampled_from(sorted(localedata.locale_identifiers()))
    )
    def test_every_locale_can_be_asked_for(self, locale: str) -> None:
        self.check(
            page.html(
                document.preview(billed.STATEMENT), billed.APPEARANCE, locale
            )
        )

    @drawn.SETTINGS
    @hypothesis.given(strategies.text() | strategies.just('../../etc/passwd'))
    def test_another_locale_is_refused(self, locale: str) -> None:
        try:
            notation.locale(locale)
        except notation.UnknownLocale as e:
            self.assertIn(repr(locale), str(e))


class LegibleTest(unittest.TestCase):
    def test_what_no_page_may_hold_is_replaced(self) -> None:
        for text, expected in (
            ('a\x00b', 'a�b'),
            ('\u202egnp', '�gnp'),
            ('\ufffe\U0001ffff', '��'),
            ('é 💸 שלום\n', 'é 💸 שלום\n'),
        ):
            self.assertEqual(expected, legible.legible(text))

    def test_a_long_text_is_cut(self) -> None:
        self.assertEqual('abc', legible.shortened('abc', 3))
        self.assertEqual('ab…', legible.shortened('abcd', 3))

    def test_a_string_of_css_cannot_end(self) -> None:
        self.assertEqual(
            '"a\\000022\\00005c\\00003cb"', legible.css_string('a"\\<b')
        )


class AppearanceTest(unittest.TestCase):
    def appearance(self, **values: object) -> page.Appearance:
        conf = cfg.ConfigOpts()
        stratometrics_conf.register_opts(conf)
        conf([], project='stratometrics', default_config_files=[])
        for name, value in values.items():
            conf.set_override(name, value, group='statements')
        return page.Appearance.from_conf(conf)

    def test_it_is_that_of_the_options(self) -> None:
        self.assertEqual(page.Appearance(), self.appearance())
        self.assertEqual(
            page.Appearance(
                issuer='A', address=('b', 'c'), footer='d', locale='de-CH'
            ),
            self.appearance(
                issuer='A', address=['b', 'c'], footer='d', locale='de-CH'
            ),
        )

    def test_a_wrong_locale_is_named(self) -> None:
        with self.assertRaisesRegex(
            ValueError, r"\[statements\]/locale: there is no locale 'xx-YY'"
        ):
            self.appearance(locale='xx-YY')
