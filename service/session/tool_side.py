"""The model asks for tools, the driver runs them, and every one is answered."""

import orjson

from service.session.core import Core
from service.session.effects import Direction, Fault, RunTool, State
from service.session.tool_calls import ToolCall, checked_result, error_result
from service.wire import server
from service.wire import sonic_output as model
from service.wire.server import ClosedBy, ToolStatus


def asked(core: Core, event: model.ToolUse, now: float) -> None:
    """The model wants a tool."""
    if not core.tools.is_new(event.tool_use_id):
        core.counts.add(Direction.FROM_MODEL, "ToolUse", Fault.OUT_OF_ORDER)
        return
    if core.state is State.LISTENING:
        core.close_turn(ClosedBy.MODEL, now)
    core.owed_since = now
    turn = core.open_turn().number
    problem = None
    if event.name not in {tool.name for tool in core.terms.tools}:
        problem = f"there is no tool {event.name[:64]!r}"
    elif event.arguments is None:
        problem = "the arguments are not a JSON object"
    elif core.tools.is_full:
        problem = "too many tools are running"
    if problem is not None or event.arguments is None:
        core.counts.add(Direction.FROM_MODEL, "ToolUse", Fault.MALFORMED)
        core.upstream.answer_tool(event.tool_use_id, error_result(problem or ""), core.terms, now)
        return
    call = ToolCall(
        tool_use_id=event.tool_use_id,
        name=event.name,
        turn=turn,
        expires_at=now + core.terms.tool_timeout_s,
    )
    core.tools.begin(call)
    core.open_turn().has_used_tools = True
    _tell_tool(core, call, ToolStatus.STARTED)
    core.emit(
        RunTool(
            stream_id=core.upstream.stream_id,
            tool_use_id=event.tool_use_id,
            name=event.name,
            arguments_json=orjson.dumps(event.arguments).decode(),
        )
    )


def finished(core: Core, tool_use_id: str, result_json: str, now: float, *, failed: bool) -> None:
    """A tool of the current stream ended; what nobody waits for any more is counted and dropped."""
    call = core.tools.finish(tool_use_id)
    if call is None:
        core.counts.add(Direction.TO_MODEL, "ToolResult", Fault.STALE)
        return
    result = checked_result(result_json)
    if result is None:
        failed = True
        result = error_result(f"the result of {call.name} cannot be used")
    answer(core, call, result, now, failed=failed)


def answer(core: Core, call: ToolCall, result_json: str, now: float, *, failed: bool) -> None:
    """Give the model what it waits for."""
    if not core.upstream.answer_tool(call.tool_use_id, result_json, core.terms, now):
        core.counts.add(Direction.TO_MODEL, "ToolResult", Fault.STALE)
    core.owed_since = now
    _tell_tool(core, call, ToolStatus.FAILED if failed else ToolStatus.FINISHED)


def _tell_tool(core: Core, call: ToolCall, status: ToolStatus) -> None:
    core.tell(server.ToolIs, turn=call.turn, tool_use_id=call.tool_use_id, name=call.name, status=status)
