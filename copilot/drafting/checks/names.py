"""People, places and firms that a draft names: words with a capital that no source uses.

German writes every noun with one, so there only a title, a greeting or a first name beside a second
one tells a name.
"""

import re
from collections.abc import Iterator

_WORD = re.compile(r"[^\W\d_]+(?:[-’'][^\W\d_]+)*")
_GREETING = re.compile(
    r"^\W*(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|hallo|guten (?:tag|morgen|abend)"
    r"|sehr geehrte[rs]?|liebe[rs]?|moin|servus|bonjour|bonsoir|ch[eè]re?|salut|coucou|hola|hej|ciao)\b",
    re.I,
)
_TITLE = (
    r"mr|mrs|ms|miss|dr|prof|sir|madam|frau|herrn?|doktor|professor|madame|monsieur|mme|mlle|signora?|señora?"
)
_TITLED = re.compile(
    rf"\b(?:{_TITLE}|kolleg(?:e|en|in)|fahrer(?:in)?|chef(?:in)?|coll[eè]gue|colleague|courier|driver)\b\.?\s+"
    r"(?=[A-ZÀ-Þ])((?:[^\W\d_]+[.\s-]?\s?){1,3})",
    re.I,
)
_PLACE = re.compile(r"\b(?:in|aus|nach|bei|von|mit|zu|zur|zum|d[eu]s?|à|chez|galerie|firma)\s+([A-ZÀ-Þ][\w-]+)")
LONGEST_GREETING = 60
_TITLES = frozenset(_TITLE.split("|")) | {"herr", "herrn", "signor", "señor"}
# Words that English and French write with a capital although they name nobody in particular.
_ORDINARY = frozenset(
    "i i'm i'll i've i'd ok pdf csv vat api url pin faq sms usb eu uk usa utc id ps am pm christmas easter"
    " english"
    " german french spanish dutch italian swedish europe european internet web monday tuesday wednesday"
    " thursday"
    " friday saturday sunday january february march april may june july august september october november"
    " december jan feb mar apr jun jul aug sep sept oct nov dec regards wishes thanks best kind warm yours"
    " sincerely cheers team tva rgpd gdpr iban".split()
)
# What may open a sentence although it is no name.
_OPENERS = frozenset(
    "a about above according accordingly actually additionally adding after afterwards again all almost"
    " already also"
    " although always am an and another any anybody anyone anything apart are as aside at back basically be"
    " because"
    " before below best besides both briefly but by can changing could currently depending do does don't each"
    " either"
    " enjoy even everybody everyone everything exactly except few finally first following for from further"
    " generally"
    " giving good great had happy has have having he hello help her here hers his hope how however i if in"
    " indeed"
    " instead is it its just kindly last later let like looking many maybe meanwhile more moreover most much my"
    " neither never next no nobody none nor nothing now of often on once one only or other others otherwise"
    " our out"
    " over perhaps please possibly probably quite rather regarding right same second see she should simply"
    " since so"
    " some somebody someone something soon sorry still such sure thank thanks that the their then there"
    " therefore"
    " these they third this those though through thus to today together tomorrow tonight too under"
    " unfortunately"
    " until up usually very was we welcome well were what whatever when whenever where whether which while"
    " who whoever"
    " whose why will with within without would yes yesterday yet you your yours"
    " service support delivery shipping payment access information everything assembly work help"
    " training".split()
)
# What a program calls its own buttons and pages.
_BUTTON = re.compile(
    r"(?:\b(?:press|click(?: on)?|under|tick|choose|select|open|go to|tap|called|menu|button|page|tab|sur"
    r"|sous|onglet)"
    r"|switch on|[>→]) (?:[A-ZÀ-Þ][\w-]* (?:[>→] )?)*$"
)
_DOES = re.compile(
    r"^(?:,? (?:from|in the|at the|of the|at our|in our|on our|has|is|will|can|would|may|looks?|knows?|takes?"
    r"|wrote|writes"
    r"|handles?|packed|says?|said|works?|and (?:his|her)|who|signs|looks after|in (?:sales|support"
    r"|accounting))\b"
    r"|[’']s\b)"
)


def named(said: str, language: str) -> Iterator[str]:
    """Words of the sentence that stand for somebody or something in particular."""
    for found in _TITLED.finditer(said):
        yield from (word for word in _WORD.findall(found[1]) if word[0].isupper() and _is_name(word))
    greeting = _GREETING.match(said)
    if greeting and len(said) < LONGEST_GREETING:
        rest = said[greeting.end() :]
        yield from (word for word in _WORD.findall(rest) if word[0].isupper() and _is_name(word))
    elif language != "de":
        yield from _capitals(said)


def telling(text: str, language: str) -> set[str]:
    """Words that may stand for a person, a place or a firm; worth something only where they meet again."""
    found = set(_PLACE.findall(text))
    if language != "de":
        found |= {word for word in re.findall(r"(?<=[\w,] )[A-ZÀ-Þ][\w’'-]+", text) if _is_name(word)}
    return {part for word in found for part in parts(word) if part not in _OPENERS}


def parts(word: str) -> list[str]:
    """Marelli’s is Marelli, d’Annecy is Annecy."""
    bare = re.sub(r"[’']s$", "", word)
    return [part.lower() for part in re.split(r"[’'-]", bare) if len(part) > 1]


def _capitals(said: str) -> Iterator[str]:
    opening = True
    for found in _WORD.finditer(said):
        word = found[0]
        is_one = (
            _opens_as_name(word, said[found.end() :]) if opening else not _BUTTON.search(said[: found.start()])
        )
        if word[0].isupper() and _is_name(word) and is_one:
            yield word
        gap = re.match(r"[^\w]*", said[found.end() :])
        opening = bool(gap and re.search(r"[.:!?…“”„«»\"\n•]|^\s*[-–]\s", gap[0])) and not _is_title(word)


def _is_title(word: str) -> bool:
    return word.lower() in _TITLES


def _is_name(word: str) -> bool:
    if word.isupper() and len(word) <= 4:
        return False
    low = word.lower()
    return low not in _ORDINARY and low.removesuffix("s") not in _ORDINARY and not _is_title(word)


def _opens_as_name(word: str, rest: str) -> bool:
    if word.lower() in _OPENERS or len(word) < 3:
        return False
    second = _WORD.match(rest.lstrip())
    beside = bool(second and second[0][0].isupper() and rest.startswith(" ") and _is_name(second[0]))
    noun = word.endswith(("s", "ing", "ion", "ions", "ment", "ments", "ness", "ity", "ance", "ence"))
    return beside or (not noun and bool(_DOES.match(rest)))
