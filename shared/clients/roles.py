"""Directory roles: what an account holds, may activate, or gets through a group."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from shared.clients import graph
from shared.clients.answers import unlicensed
from shared.clients.graph import Graph, every
from shared.clients.held_roles import HeldRole, Holding, active, held, scope_of, through_group
from shared.errors import Denied, Gone
from shared.model import Json, ObjectId

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.generated.models.request_schedule import RequestSchedule
    from msgraph.generated.models.unified_role_schedule_request_actions import (
        UnifiedRoleScheduleRequestActions,
    )
    from msgraph.graph_service_client import GraphServiceClient

ROLE_WRITE: Final = "RoleManagement.ReadWrite.Directory"
GLOBAL_ADMINISTRATOR: Final = "62e90394-69f5-4237-9190-012177145e10"
"""Its role definition, the same in every tenant."""
_REASON: Final = "Response to a compromised account"


class Roles:
    """The directory roles of accounts."""

    def __init__(self, source: Graph) -> None:
        self._graph = source

    async def of(self, oid: ObjectId) -> tuple[HeldRole, ...]:
        """List every role that the account itself holds or may activate, and every such group.

        Without Entra ID P2 nobody can be eligible and nothing has a term.
        """
        assigned, terms, eligible, parents = await asyncio.gather(
            self._assignments("principalId", oid),
            self._terms("assignment", oid),
            self._terms("eligibility", oid),
            self._parents(oid),
        )
        names = await self._names({str(i["roleDefinitionId"]) for i in (*assigned, *eligible)})
        by_template = {str(p.get("roleTemplateId")): str(p["id"]) for p in parents}
        timed = {(t["roleDefinitionId"], scope_of(t)): t for t in terms}
        found = [
            *(active(i, names, timed.get((i["roleDefinitionId"], scope_of(i)))) for i in assigned),
            *(held(Holding.ELIGIBLE, item, names) for item in eligible),
            *(through_group(parent) for parent in parents if parent.get("isAssignableToRole")),
        ]
        named = [
            role.model_copy(update={"object_id": by_template.get(role.target)})
            if role.holding is not Holding.GROUP
            else role
            for role in found
        ]
        return tuple(sorted(named, key=lambda role: role.key))

    async def others_holding(self, role: ObjectId, *, but: ObjectId) -> int:
        """Count who else holds a role actively and everywhere.

        Source: GET /roleManagement/directory/roleAssignments?$filter=roleDefinitionId eq '...'.
        """
        found = await self._assignments("roleDefinitionId", role)
        return len({i["principalId"] for i in found if scope_of(i) == "/"} - {but})

    async def holders(self, role: ObjectId) -> frozenset[ObjectId]:
        """List who holds a role actively: accounts, groups and applications, at any scope.

        Source: GET /roleManagement/directory/roleAssignments?$filter=roleDefinitionId eq '...'.
        """
        found = await self._assignments("roleDefinitionId", role)
        return frozenset(ObjectId(str(item["principalId"])) for item in found)

    async def remove(self, oid: ObjectId, role: HeldRole) -> None:
        """Take a role away, where its term is kept. Raises `Gone` where it is not held.

        Source: DELETE /roleManagement/directory/roleAssignments/{id}; for what has a term, POST
        .../roleAssignmentScheduleRequests or .../roleEligibilityScheduleRequests (adminRemove).
        """
        from msgraph.generated.models.unified_role_schedule_request_actions import (
            UnifiedRoleScheduleRequestActions as Actions,
        )

        if role.holding is Holding.ACTIVE and not role.timed:
            await self._graph.write(
                lambda g: (
                    g.role_management.directory.role_assignments.by_unified_role_assignment_id(
                        str(role.assignment)
                    ).to_delete_request_information()
                ),
                permission=ROLE_WRITE,
            )
        else:
            await self._ask(oid, role, Actions.AdminRemove)

    async def give(self, oid: ObjectId, role: HeldRole) -> None:
        """Assign a role again, for the same term. Raises `Conflict` where it is held already.

        Source: POST /roleManagement/directory/roleAssignments; for what has a term, POST
        .../roleAssignmentScheduleRequests or .../roleEligibilityScheduleRequests (adminAssign).
        """
        from msgraph.generated.models.unified_role_schedule_request_actions import (
            UnifiedRoleScheduleRequestActions as Actions,
        )

        if role.holding is Holding.ACTIVE and not role.timed:
            await self._graph.write(lambda g: _assign(g, oid, role), permission=ROLE_WRITE)
        else:
            await self._ask(oid, role, Actions.AdminAssign)

    async def _ask(
        self, oid: ObjectId, role: HeldRole, action: UnifiedRoleScheduleRequestActions
    ) -> None:
        await self._graph.write(
            lambda g: _schedule_request(g, oid, role, action), permission=ROLE_WRITE
        )

    async def _assignments(self, field: str, value: str) -> tuple[Json, ...]:
        """Read assignments. Source: GET /roleManagement/directory/roleAssignments."""
        return await self._list(lambda g: _assignments_request(g, f"{field} eq '{value}'"))

    async def _terms(self, kind: str, oid: ObjectId) -> tuple[Json, ...]:
        """Read what Privileged Identity Management keeps of the account itself.

        Source: GET /roleManagement/directory/role{Assignment,Eligibility}ScheduleInstances.
        """
        try:
            found = await self._list(lambda g: _instances_request(g, kind, oid))
        except Denied as error:
            if unlicensed(error):
                return ()
            raise
        # What comes through a group is held by the group.
        return tuple(item for item in found if item.get("memberType") != "Group")

    async def _parents(self, oid: ObjectId) -> tuple[Json, ...]:
        """Read groups and activated roles. Source: GET /users/{id}/transitiveMemberOf."""
        return await every(
            self._graph.pages(
                lambda g: g.users.by_user_id(oid).transitive_member_of.to_get_request_information(),
                permission=graph.USER_READ_ALL,
            )
        )

    async def _list(self, build: graph.Build) -> tuple[Json, ...]:
        return await every(self._graph.pages(build, permission=ROLE_WRITE))

    async def _names(self, roles: Iterable[str]) -> dict[str, str]:
        wanted = sorted(roles)
        names = await asyncio.gather(*(self._name(role) for role in wanted))
        return dict(zip(wanted, names, strict=True))

    async def _name(self, role: str) -> str:
        """Read a role's name. Source: GET /roleManagement/directory/roleDefinitions/{id}."""
        try:
            found = await self._graph.get(
                lambda g: (
                    g.role_management.directory.role_definitions.by_unified_role_definition_id(
                        role
                    ).to_get_request_information()
                ),
                permission=ROLE_WRITE,
            )
        except Gone:
            return role
        return str(found.get("displayName") or role)


def _assignments_request(g: GraphServiceClient, wanted: str) -> RequestInformation:
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.role_management.directory.role_assignments.role_assignments_request_builder import (  # noqa: E501
        RoleAssignmentsRequestBuilder as Builder,
    )

    query = Builder.RoleAssignmentsRequestBuilderGetQueryParameters(filter=wanted)
    return g.role_management.directory.role_assignments.to_get_request_information(
        RequestConfiguration(query_parameters=query)
    )


def _instances_request(g: GraphServiceClient, kind: str, oid: ObjectId) -> RequestInformation:
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph.generated.role_management.directory.role_assignment_schedule_instances.role_assignment_schedule_instances_request_builder import (  # noqa: E501
        RoleAssignmentScheduleInstancesRequestBuilder as Active,
    )
    from msgraph.generated.role_management.directory.role_eligibility_schedule_instances.role_eligibility_schedule_instances_request_builder import (  # noqa: E501
        RoleEligibilityScheduleInstancesRequestBuilder as Eligible,
    )

    directory, wanted = g.role_management.directory, f"principalId eq '{oid}'"
    if kind == "assignment":
        return directory.role_assignment_schedule_instances.to_get_request_information(
            RequestConfiguration(
                query_parameters=Active.RoleAssignmentScheduleInstancesRequestBuilderGetQueryParameters(
                    filter=wanted
                )
            )
        )
    return directory.role_eligibility_schedule_instances.to_get_request_information(
        RequestConfiguration(
            query_parameters=Eligible.RoleEligibilityScheduleInstancesRequestBuilderGetQueryParameters(
                filter=wanted
            )
        )
    )


def _assign(g: GraphServiceClient, oid: ObjectId, role: HeldRole) -> RequestInformation:
    from msgraph.generated.models.unified_role_assignment import UnifiedRoleAssignment

    return g.role_management.directory.role_assignments.to_post_request_information(
        UnifiedRoleAssignment(
            principal_id=oid, role_definition_id=role.target, directory_scope_id=role.scope
        )
    )


def _schedule_request(
    g: GraphServiceClient, oid: ObjectId, role: HeldRole, action: UnifiedRoleScheduleRequestActions
) -> RequestInformation:
    from msgraph.generated.models.unified_role_assignment_schedule_request import (
        UnifiedRoleAssignmentScheduleRequest as Active,
    )
    from msgraph.generated.models.unified_role_eligibility_schedule_request import (
        UnifiedRoleEligibilityScheduleRequest as Eligible,
    )

    asked: dict[str, Any] = {
        "action": action,
        "justification": _REASON,
        "principal_id": oid,
        "role_definition_id": role.target,
        "directory_scope_id": role.scope,
    }
    if action is type(action).AdminAssign:
        asked["schedule_info"] = _term(role)
    directory = g.role_management.directory
    if role.holding is Holding.ELIGIBLE:
        return directory.role_eligibility_schedule_requests.to_post_request_information(
            Eligible(**asked)
        )
    return directory.role_assignment_schedule_requests.to_post_request_information(Active(**asked))


def _term(role: HeldRole) -> RequestSchedule:
    from msgraph.generated.models.expiration_pattern import ExpirationPattern
    from msgraph.generated.models.expiration_pattern_type import ExpirationPatternType as Type
    from msgraph.generated.models.request_schedule import RequestSchedule

    kind = Type.NoExpiration if role.end is None else Type.AfterDateTime
    return RequestSchedule(
        start_date_time=role.start,
        expiration=ExpirationPattern(type=kind, end_date_time=role.end),
    )
