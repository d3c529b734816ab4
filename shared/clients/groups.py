"""Members of one group: who is in it directly, letting somebody in, and taking somebody out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shared.clients import graph
from shared.clients.graph import Graph
from shared.model import Json, ObjectId, Value

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.graph_service_client import GraphServiceClient

GROUP_MEMBER_WRITE_ALL: Final = "GroupMember.ReadWrite.All"


_GROUP: Final = "#microsoft.graph.group"
_DYNAMIC: Final = "DynamicMembership"


class Group(Value):
    """A group; of one that is `kept_elsewhere` Graph may not change who is in it.

    That is a rule about attributes (dynamic membership), or the directory on premises.
    """

    id: ObjectId
    name: str
    kept_elsewhere: bool = False


class Groups:
    """Memberships, one at a time. A role-assignable group needs the right to roles as well."""

    def __init__(self, source: Graph) -> None:
        self._graph = source

    async def of(self, oid: ObjectId) -> tuple[Group, ...]:
        """List the groups an account is in, nested ones included, every page.

        Source: GET /users/{id}/transitiveMemberOf.
        """
        pages = self._graph.pages(
            lambda g: g.users.by_user_id(oid).transitive_member_of.to_get_request_information(),
            permission=graph.USER_READ_ALL,
        )
        return tuple([_group(item) async for item in pages if item.get("@odata.type") == _GROUP])

    async def members(self, group: ObjectId) -> frozenset[ObjectId]:
        """List who is in a group directly, every page. Raises `Gone` where there is none.

        Source: GET /groups/{id}/members.
        """
        pages = self._graph.pages(
            lambda g: g.groups.by_group_id(group).members.to_get_request_information(),
            permission=GROUP_MEMBER_WRITE_ALL,
        )
        return frozenset([ObjectId(str(item["id"])) async for item in pages])

    async def everybody(
        self, group: ObjectId, link: str | None = None
    ) -> tuple[tuple[ObjectId, ...], str | None]:
        """Read a page of who is in a group, through other groups too, and the link to the next.

        Raises `Gone` where there is no such group. Source: GET /groups/{id}/transitiveMembers.
        """
        page = await self._graph.page(
            lambda g: g.groups.by_group_id(group).transitive_members.to_get_request_information(),
            permission=GROUP_MEMBER_WRITE_ALL,
            link=link,
        )
        return tuple(ObjectId(str(item["id"])) for item in page.items), page.next

    async def add(self, group: ObjectId, member: ObjectId) -> None:
        """Let an object in. Raises `Conflict` where it is in already.

        Source: POST /groups/{id}/members/$ref.
        """

        def build(g: GraphServiceClient) -> RequestInformation:
            from msgraph.generated.models.reference_create import ReferenceCreate

            reference = f"{g.request_adapter.base_url}/directoryObjects/{member}"
            return g.groups.by_group_id(group).members.ref.to_post_request_information(
                ReferenceCreate(odata_id=reference)
            )

        await self._graph.write(build, permission=GROUP_MEMBER_WRITE_ALL)

    async def remove(self, group: ObjectId, member: ObjectId) -> None:
        """Take an object out: the reference to it, never the object itself.

        Source: DELETE /groups/{id}/members/{id}/$ref.
        """
        await self._graph.write(
            lambda g: (
                g.groups.by_group_id(group)
                .members.by_directory_object_id(member)
                .ref.to_delete_request_information()
            ),
            permission=GROUP_MEMBER_WRITE_ALL,
        )


def _group(item: Json) -> Group:
    oid = ObjectId(str(item["id"]))
    dynamic = _DYNAMIC in (item.get("groupTypes") or ())
    return Group(
        id=oid,
        name=str(item.get("displayName") or oid),
        kept_elsewhere=dynamic or bool(item.get("onPremisesSyncEnabled")),
    )
