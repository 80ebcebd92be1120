"""The pages of the console."""

from django.urls import URLPattern, path

from copilot.console import (
    accounts,
    connections,
    conversation,
    decide,
    first_admin,
    handle,
    inbox,
    live,
    people,
    reply,
    settings,
    team,
    traffic,
)

DRAFT = "inbox/<int:conversation_id>/drafts/<int:n>/"
TALK = "inbox/<int:conversation_id>/"

urlpatterns: list[URLPattern] = [
    path("", inbox.front, name="front"),
    path("me/first-admin/", first_admin.first_admin, name="first-admin"),
    path("inbox/", inbox.inbox, name="inbox"),
    path(TALK, conversation.conversation, name="conversation"),
    path(f"{TALK}reply/", reply.reply, name="reply"),
    path(f"{TALK}draft/", reply.ask, name="draft-request"),
    path(f"{TALK}note/", reply.note, name="note"),
    path(f"{TALK}assign/", handle.assign, name="assign"),
    path(f"{TALK}snooze/", handle.snooze, name="snooze"),
    path(f"{TALK}resolve/", handle.resolve, name="resolve"),
    path(f"{TALK}reopen/", handle.reopen, name="reopen"),
    path("inbox/deliveries/<uuid:delivery_id>/<slug:fate>/", reply.settle, name="delivery-settle"),
    path(DRAFT, conversation.draft, name="draft"),
    path(f"{DRAFT}approve/", decide.approve, name="draft-approve"),
    path(f"{DRAFT}edit/", decide.edit, name="draft-edit"),
    path(f"{DRAFT}stop/", decide.stop, name="draft-stop"),
    path(f"{DRAFT}redraft/", decide.redraft, name="draft-redraft"),
    path(f"{DRAFT}discard/", decide.discard, name="draft-discard"),
    path(f"{DRAFT}undo/", decide.undo, name="draft-undo"),
    path(f"{DRAFT}escalate/", decide.escalate, name="draft-escalate"),
    path("live/", live.live, name="live"),
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts/<int:account_id>/", accounts.account, name="account"),
    path("help/keys/", settings.keys, name="keys"),
    path("settings/me/", settings.me, name="settings-me"),
    path("settings/me/keys/", settings.new_key, name="key-new"),
    path("settings/me/keys/<uuid:key_id>/revoke/", settings.revoke_key, name="key-revoke"),
    path("settings/team/", team.team, name="settings-team"),
    path("settings/people/", people.people, name="settings-people"),
    path("settings/people/new/", people.add, name="person-new"),
    path("settings/people/<int:user_id>/", people.person, name="person"),
    path("settings/teams/new/", people.new_team, name="team-new"),
    path("settings/connections/", connections.connections, name="settings-connections"),
    path("settings/connections/new/", connections.new, name="connection-new"),
    path(
        "settings/connections/<uuid:connection_id>/<slug:verb>/",
        connections.change,
        name="connection-change",
    ),
    path("settings/events/", traffic.events, name="events"),
    path("settings/events/<int:event_id>/replay/", traffic.replay, name="event-replay"),
    path("settings/events/replay/<uuid:connection_id>/", traffic.replay_dead, name="events-replay"),
    path("settings/deliveries/", traffic.deliveries, name="deliveries"),
]
