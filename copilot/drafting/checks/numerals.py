"""Numbers written as words, from two to ninety-nine, in English, German and French."""

_EN = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen".split()
_EN += "seventeen eighteen nineteen".split()
_DE = (
    "ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn".split()
)
_DE += "siebzehn achtzehn neunzehn".split()
_FR = (
    "un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept".split()
)
_FR += "dix-huit dix-neuf".split()
_EN_TENS = dict(
    zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True)
)
_DE_TENS = dict(
    zip(
        "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split(),
        range(20, 100, 10),
        strict=True,
    )
)
_FR_TENS = {"vingt": 20, "trente": 30, "quarante": 40, "cinquante": 50, "soixante": 60, "quatre-vingt": 80}


def _words() -> dict[str, int]:
    found = {word: n for words in (_EN, _DE, _FR) for n, word in enumerate(words, 1) if n > 1}
    found |= _EN_TENS | _DE_TENS | _FR_TENS | {"quatre-vingts": 80}
    for n in range(1, 10):
        found |= {f"{ten}{gap}{_EN[n - 1]}": value + n for ten, value in _EN_TENS.items() for gap in "- "}
        found |= {f"{_DE[n - 1]}und{ten}": value + n for ten, value in _DE_TENS.items()}
    for n in range(1, 20):
        tens = {ten: value for ten, value in _FR_TENS.items() if n < 10 or value in (60, 80)}
        joined = "-et-" if n in (1, 11) else "-"
        found |= {f"{ten}{joined}{_FR[n - 1]}": value + n for ten, value in tens.items()}
    return found | {"hundred": 100, "hundert": 100, "cent": 100, "dozen": 12, "dutzend": 12, "douzaine": 12}


WORDS = _words()
