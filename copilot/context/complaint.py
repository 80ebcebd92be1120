"""Tell a complaint by its words, in the languages most customers write: then is no time for our own wishes."""

import re

_WORDS = re.compile(
    r"\b(?:complain(?:t|ing)?|unacceptable|not acceptable|disappoint(?:ed|ing)|fed up|outrag(?:ed|eous)"
    r"|furious|angry|ridiculous|disgrace(?:ful)?|terrible|appalling|useless|worst|third time|yet again"
    r"|still not|still (?:no|waiting)|waste of|not good enough|compensation|escalate|lawyer|cancel (?:my|our"
    r"|the) (?:contract|subscription|account)|beschwer\w+|reklam\w+|inakzeptabel|unzumutbar|enttäuscht"
    r"|verärgert|frechheit|immer noch nicht|schon wieder|réclamation|inacceptable|déçue?s?|mécontente?s?"
    r"|scandaleux|queja|inaceptable|decepcionad[oa]s?"
    r"|klagom[åa]l|oacceptabelt|besviken|missnöjd)\b",
    re.I,
)


def is_complaint(said: str) -> bool:
    """Rather once too often: a reply without a word on our goals is never wrong."""
    return bool(_WORDS.search(said))
