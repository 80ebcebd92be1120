"""In which language, and how politely, a text is written: by its small words, without a model."""

import re

_SMALL = {
    "en": "the and is are was were of to in on for with you your we our it this that have has not be will can"
          " as at by",
    "de": "der die das und ist sind war nicht ein eine einen mit auf für von zu im dem den sie ihr ihre wir"
          " uns es"
          " dass bei auch noch wenn ich du dich dir kann haben wird",
    "fr": "le la les un une des du et est sont de que qui pas ne vous votre nous notre pour avec dans sur au"
          " aux il"
          " elle ce cette plus je tu ton mon être a",
    "es": "el los las una del y es son que no su para con por se está como más le lo usted nos al muy este"
          " todo todas"
          " nada gracias",
    "nl": "het een en is zijn niet van voor met op dat die wij ons uw je er aan ook nog als wordt kan naar bij",
    "it": "il gli una del della e è sono che non per con si più le lo nel alla questo anche come ci",
    "sv": "och är en ett det att som inte på för med av den till har vi du er kan om så från",
    "pt": "o os uma do da e é são que não para com por se mais em no na seu sua você está",
}  # fmt: skip
_SETS = {language: frozenset(words.split()) for language, words in _SMALL.items()}
NAMES = {"en": "English", "de": "German", "fr": "French", "es": "Spanish", "nl": "Dutch", "it": "Italian",
         "sv": "Swedish", "pt": "Portuguese"}  # fmt: skip
_QUOTED = re.compile(r"[“„«\"][^”“»\"]*[”“»\"]")
_FORMS = {
    "de": {
        "informal": r"\b(?:du|dich|dir|deine?[mnrs]?|euch|euer|eure[mnrs]?)\b|\b(?:LG|Liebe Grüße)\b",
        "formal": r"(?<=[\w,:;–] )(?:Sie|Ihnen|Ihre?[mnrs]?)\b|\bIhnen\b|\bSehr geehrte"
        r"|\b[Ff]reundlichen? Grüßen?\b",
    },
    "fr": {
        "informal": r"\b(?:tu|te|toi|ton|ta|tes)\b|\bt['’](?!il)\w|\b(?:salut|coucou|bises)\b",
        "formal": r"\b(?:votre|vos|veuillez|pouvez|avez)\b|-vous\b|\b(?:madame|monsieur|cordialement)\b",
    },
    "es": {"informal": r"\b(?:tú|te|tu|tus|contigo)\b", "formal": r"\b(?:usted|ustedes)\b"},
    "nl": {"informal": r"\b(?:je|jij|jou|jouw)\b", "formal": r"\b(?:u|uw)\b"},
}
_SLANG = re.compile(
    r"\b(?:lol|lmao|omg|dude|bro|mate|yo|wassup|gonna|gotta|wanna|gimme|heya|hiya|yep|chill|gotcha|hun)\b", re.I
)
_STIFF = re.compile(
    r"\b(?:hereby|aforementioned|esteemed|pursuant|thereof|beg to|obedient|henceforth|forthwith|hereunder)\b",
    re.I,
)


def language_of(text: str) -> str:
    """The language whose small words are clearly the most, or nothing where that is not clear."""
    words = re.findall(r"[^\W\d_]+", _QUOTED.sub(" ", text).lower())
    score = {language: sum(word in small for word in words) for language, small in _SETS.items()}
    first, second = sorted(score.values(), reverse=True)[:2]
    if first < 3 or first < 1.4 * second:
        return ""
    return max(score, key=lambda language: score[language])


def register_of(text: str, language: str) -> str:
    """How the text addresses its reader: formal, informal, or nothing where it does not say."""
    forms = _FORMS.get(language)
    if forms is None:
        return ""
    text = _QUOTED.sub(" ", text)
    informal, formal = (
        len(re.findall(forms[one], text, _flags(one, language))) for one in ("informal", "formal")
    )
    if informal == formal:
        return ""
    return "informal" if informal > formal else "formal"


def is_off(said: str, register: str, language: str, theirs: str) -> bool:
    """The sentence addresses the customer otherwise than they write, or in a tone that nobody here uses."""
    said = _QUOTED.sub(" ", said)
    if language == "en":
        return any(tone.search(said) and not tone.search(theirs) for tone in (_SLANG, _STIFF))
    other = {"formal": "informal", "informal": "formal"}.get(register)
    return bool(
        other and language in _FORMS and re.search(_FORMS[language][other], said, _flags(other, language))
    )


def _flags(form: str, language: str) -> re.RegexFlag:
    """In German the capital makes the polite form."""
    return re.NOFLAG if language == "de" and form == "formal" else re.I
