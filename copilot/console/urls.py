"""The pages of the console."""

from django.urls import URLPattern, path, register_converter
from django.urls.converters import StringConverter

from copilot.console import (
    accounts,
    connection,
    connections,
    conversation,
    decide,
    enquiry,
    erasures,
    field_rules,
    first_admin,
    handle,
    import_texts,
    inbox,
    live,
    merges,
    people,
    proposed,
    release,
    reply,
    search,
    settings,
    team,
    texts,
    traffic,
    write_text,
)


class TextKind(StringConverter):
    regex = "articles|saved-replies"


register_converter(TextKind, "texts")

DRAFT = "inbox/<int:conversation_id>/drafts/<int:n>/"
TALK = "inbox/<int:conversation_id>/"
TEXT = "<texts:kind>/<int:pk>/"
CRM = "settings/connections/<uuid:connection_id>/"

urlpatterns: list[URLPattern] = [
    path("", inbox.front, name="front"),
    path("me/first-admin/", first_admin.first_admin, name="first-admin"),
    path("inbox/", inbox.inbox, name="inbox"),
    path(TALK, conversation.conversation, name="conversation"),
    path(f"{TALK}reply/", reply.reply, name="reply"),
    path(f"{TALK}draft/", reply.ask, name="draft-request"),
    path(f"{TALK}note/", reply.note, name="note"),
    path(f"{TALK}enquiry/", enquiry.of_conversation, name="conversation-enquiry"),
    path(f"{TALK}assign/", handle.assign, name="assign"),
    path(f"{TALK}snooze/", handle.snooze, name="snooze"),
    path(f"{TALK}resolve/", handle.resolve, name="resolve"),
    path(f"{TALK}reopen/", handle.reopen, name="reopen"),
    path("inbox/deliveries/<uuid:delivery_id>/release/", release.release, name="delivery-release"),
    path("inbox/deliveries/<uuid:delivery_id>/return/", release.give_back, name="delivery-return"),
    path("inbox/deliveries/<uuid:delivery_id>/<slug:fate>/", reply.settle, name="delivery-settle"),
    path(DRAFT, conversation.draft, name="draft"),
    path(f"{DRAFT}approve/", decide.approve, name="draft-approve"),
    path(f"{DRAFT}edit/", decide.edit, name="draft-edit"),
    path(f"{DRAFT}stop/", decide.stop, name="draft-stop"),
    path(f"{DRAFT}redraft/", decide.redraft, name="draft-redraft"),
    path(f"{DRAFT}answer/", decide.answer, name="draft-answer"),
    path(f"{TALK}answers/<int:question_id>/<slug:way>/", decide.keep, name="answer-keep"),
    path(f"{DRAFT}discard/", decide.discard, name="draft-discard"),
    path(f"{DRAFT}undo/", decide.undo, name="draft-undo"),
    path(f"{DRAFT}escalate/", decide.escalate, name="draft-escalate"),
    path("live/", live.live, name="live"),
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts/<int:account_id>/", accounts.account, name="account"),
    path("accounts/<int:account_id>/release/", release.flag, name="account-release"),
    path("articles/proposals/", proposed.proposals, name="proposals"),
    path("articles/proposals/<int:proposal_id>/", proposed.decide, name="proposal-decide"),
    path("<texts:kind>/", texts.texts, name="texts"),
    path("<texts:kind>/new/", write_text.new, name="text-new"),
    path("<texts:kind>/import/", import_texts.import_texts, name="text-import"),
    path(TEXT, texts.text, name="text"),
    path(f"{TEXT}edit/", write_text.edit, name="text-edit"),
    path(f"{TEXT}retire/", texts.retire, name="text-retire"),
    path(f"{TEXT}versions/<int:n>/", texts.version, name="text-version"),
    path("accounts/<int:account_id>/enquiry/", enquiry.of_account, name="account-enquiry"),
    path("search/", search.search, name="search"),
    path("contacts/<int:contact_id>/", merges.contact, name="contact"),
    path("merges/<int:merge_id>/", merges.merge, name="merge"),
    path("merges/<int:merge_id>/<slug:deed>/", merges.settle, name="merge-settle"),
    path("help/keys/", settings.keys, name="keys"),
    path("settings/me/", settings.me, name="settings-me"),
    path("settings/me/keys/", settings.new_key, name="key-new"),
    path("settings/me/keys/<uuid:key_id>/revoke/", settings.revoke_key, name="key-revoke"),
    path("settings/team/", team.team, name="settings-team"),
    path("settings/team/release/", release.rules, name="team-release"),
    path("settings/people/", people.people, name="settings-people"),
    path("settings/people/new/", people.add, name="person-new"),
    path("settings/people/<int:user_id>/", people.person, name="person"),
    path("settings/teams/new/", people.new_team, name="team-new"),
    path("settings/connections/", connections.connections, name="settings-connections"),
    path("settings/connections/new/", connections.new, name="connection-new"),
    path("settings/erasures/", erasures.erasures, name="settings-erasures"),
    path("settings/erasures/<int:contact_id>/", erasures.erase_contact, name="erase-contact"),
    path(CRM, connection.connection, name="connection"),
    path(f"{CRM}fields/", field_rules.field_rules, name="connection-fields"),
    path(f"{CRM}<slug:verb>/", connection.change, name="connection-change"),
    path("settings/events/", traffic.events, name="events"),
    path("settings/events/<int:event_id>/replay/", traffic.replay, name="event-replay"),
    path("settings/events/replay/<uuid:connection_id>/", traffic.replay_dead, name="events-replay"),
    path("settings/deliveries/", traffic.deliveries, name="deliveries"),
    path("settings/deliveries/<uuid:delivery_id>/replay/", traffic.redeliver, name="delivery-replay"),
    path("settings/deliveries/replay/<uuid:connection_id>/", traffic.redeliver_dead, name="deliveries-replay"),
]
