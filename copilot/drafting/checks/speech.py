"""What a sentence does: promise something, say that it was done, or lay down a rule of the house."""

import re

_OFFER = re.compile(
    r"\b(?:will|['’]ll|shall) (?:(?:be|always be|gladly be) (?:happy|glad|pleased|sorry|delighted|here|there)"
    r"|gladly|miss"
    r"|not be able|have to|find|need|help you)\b|\b(?:I|we) hope\b|\bserons? (?:ravis?|heureux|là)\b"
    r"|\bgern(?:e)? zur Verfügung\b",
    re.I,
)
_PROMISE = re.compile(
    r"\b(?:I|we)(?:['’]ll| will| shall|['’]m going to| am going to|['’]re going to| are going to)\b"
    r"|\b(?:I|we)(?: (?:promise|guarantee) (?:you|to|that)\b)"
    r"|\byou(?:['’]ll| will) (?:soon |also )?(?:have|get|receive|hear|be (?:refunded|credited|paid))\b"
    r"|\bwill be (?:refunded|credited|sent|shipped|replaced|repaired|paid|waived|extended|upgraded"
    r"|reimbursed)\b"
    r"|\b(?:ich|wir) werden?\b|\bwerden? (?:ich|wir)\b|\b(?:ich|wir) (?:melden?|kümmern?|verspr[ei]chen?)\b"
    r"|\b(?:ich|wir)\b(?![^.?!]*\b(?:habe|haben)\b)[^.?!]*\b(?:morgen|übermorgen|heute noch|umgehend|sofort"
    r"|demnächst"
    r"|gleich|nächste[nrs]? \w+|(?:am|bis) \w+tag)\b"
    r"|\b(?:je|j['’]) ?(?:vous |te |nous |l['’]|t['’]|m['’]|en |y |le |la |les )*\w+rai\b"
    r"|\bnous (?:vous |te |l['’]|en |y |le |la |les )*\w+rons\b|\b(?:vous recevrez|vous aurez|tu recevras"
    r"|tu auras)\b"
    r"|\bje (?:reviens vers|m['’]en occupe)\b|\bser(?:a|ont) (?:remboursée?s?|envoyée?s?|remplacée?s?)\b",
    re.I,
)
_ACTS = (
    "refunded|credited|cancelled|canceled|changed|added|removed|corrected|booked|sent|activated|reset|asked"
    "|informed"
    "|ordered|extended|unlocked|replaced|shipped|issued|processed|raised|moved|reserved|deleted|upgraded"
    "|forwarded"
    "|told|scheduled|arranged|applied|waived|confirmed"
)
_DONE = re.compile(
    rf"\b(?:I|we)(?:['’]ve| have)(?: just| now| already| also)? (?!received|heard|noted|looked)(?:\w+ed|sent"
    rf"|put|made|set"
    r"|done|taken|given|written|told|reset)\b"
    r"|\b(?:has|have) (?:just |now |already )?been (?:\w+ed|sent|paid|made|done|reset)\b"
    rf"|\b(?:I|we) (?:just |already |now |also )?(?:{_ACTS})\b"
    r"|\b(?:was|were|is|are) (?:now |already |just )?(?:refunded|credited|cancelled|canceled)\b"
    r"|\b(?:haben? (?:ich|wir)|(?:ich|wir) haben?)\b[^.?!]*\b(?!(?:erhalten|bekommen|gesehen|gelesen"
    r"|verstanden)\b)"
    r"(?:(?:\w{0,5}ge|ver|be|ent|er|zer)\w{2,}(?:t|en)|\w+iert)\b(?=\s*[.!?,;:]|\s*$| und\b)"
    r"|\b(?:wurden?|ist|sind)\b[^.?!]*\b(?:storniert|erstattet|gutgeschrieben|gekündigt|gesperrt|verlängert)\b"
    r"|\b(?:j['’]ai|nous avons|on a)\b(?! (?:bien )?(?:reçu|vu|lu|compris|noté))(?: \w+){0,2}? \w+(?:ées?|és?"
    r"|i|u|it|is)\b"
    r"|\b(?:a|ont) (?:bien |déjà )?été (?:remboursée?s?|annulée?s?|créditée?s?|modifiée?s?)\b",
    re.I,
)
_POLICY = re.compile(
    r"\bpolic(?:y|ies)\b|\bas a rule\b|\bwe (?:always|never)\b|\balways (?:get|free|have|pay|entitled|replace"
    r"|exempt)\b"
    r"|\bnever (?:pay|owe|get|taken)\b|\b(?:are|is) (?:entitled|exempt|guaranteed|always)\b|\bentitled to\b"
    r"|\bour (?:rules?|terms|house)\b|\bfree of charge\b|\bat no (?:extra )?cost\b|\bfor free\b|\bwaive[sd]?\b"
    r"|\bgrundsätzlich\b|\bin der Regel\b|\bAnspruch auf\b|\bkostenlos\w*\b|\bgratis\b"
    r"|\bbei uns\b[^.?!]*\bimmer\b"
    r"|\b(?:unsere[nr]? (?:Richtlinien?|Regeln?|AGB|Bedingungen))\b"
    r"|\b(?:nos|notre) (?:règles?|politique|conditions)\b|\bgratuite?(?:s|ment)?\b|\bont (?:toujours )?droit\b"
    r"|\bc['’]est (?:notre|la) règle\b|\bnous \w+ (?:toujours|jamais)\b",
    re.I,
)


def promises(said: str) -> bool:
    return bool(_PROMISE.search(said)) and not _OFFER.search(said)


def claims_done(said: str) -> bool:
    return bool(_DONE.search(said))


def lays_down(said: str) -> bool:
    return bool(_POLICY.search(said))


def speaks_for_us(said: str) -> bool:
    """Who will do it is one of us, and not what an article foretells ("you will receive a mail")."""
    return bool(re.search(r"\b(?:I|we|ich|wir|je|nous)\b|\bj['’]", said, re.I))
