"""Fifty messages to which a reply says nothing of a goal: no goal is set, or the customer complains."""

CALM = {
    "en": (
        "When does order 1042 arrive?",
        "Could you send the invoice for order 1042 once more?",
        "Is order 1042 paid, and where was it sent?",
        "Please tell me the state of order 1042.",
    ),
    "de": ("Wann kommt die Bestellung 1042 an?", "Ist die Bestellung 1042 schon bezahlt?"),
    "fr": ("Quand arrive la commande 1042 ?", "La commande 1042 est-elle payée ?"),
}
NO_GOAL = ("never set", "ended", "another account’s", "of nobody’s account")
COMPLAINTS = {
    "en": (
        "Order 1042 is late again and nobody told us. This is unacceptable.",
        "I want to make a complaint about order 1042.",
        "We are very disappointed with order 1042. What will you do about it?",
        "Where is order 1042? We are still waiting, and this is the third time that I ask.",
        "Order 1042 arrived broken. That is simply not good enough.",
        "I am fed up with order 1042.",
        "Your service around order 1042 is terrible.",
        "If order 1042 is not here on Monday we cancel our contract.",
        "I expect compensation for order 1042.",
        "Order 1042 has still not arrived!",
    ),
    "de": (
        "Ich möchte mich über die Bestellung 1042 beschweren.",
        "Die Bestellung 1042 ist immer noch nicht da.",
        "Wir sind von der Bestellung 1042 sehr enttäuscht.",
        "Schon wieder ist die Bestellung 1042 falsch geliefert worden.",
    ),
    "fr": (
        "La commande 1042 n'est toujours pas là, c'est inacceptable.",
        "Je suis très déçue de la commande 1042.",
        "C'est une réclamation au sujet de la commande 1042.",
        "Nous sommes mécontents de la commande 1042.",
    ),
}
