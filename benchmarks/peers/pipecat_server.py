"""pipecat's own pieces: its FastAPI transport, its context aggregators, its Nova Sonic service; only the wire is ours."""

import base64
import json
import os
import socket

import uvicorn
from fastapi import FastAPI, WebSocket
from loguru import logger
from pipecat.frames.frames import Frame, InputAudioRawFrame, LLMRunFrame, OutputAudioRawFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.runner import PipelineRunner
from pipecat.pipeline.task import PipelineParams, PipelineTask
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
from pipecat.serializers.base_serializer import FrameSerializer
from pipecat.services.aws.nova_sonic.llm import AWSNovaSonicLLMService
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport

logger.remove()
app = FastAPI()


class JsonSerializer(FrameSerializer):
    async def serialize(self, frame: Frame):
        if isinstance(frame, OutputAudioRawFrame):
            data = base64.b64encode(frame.audio).decode()
            return json.dumps({"type": "audio", "data": data, "format": "audio/pcm"})
        return None

    async def deserialize(self, data):
        message = json.loads(data)
        if message["type"] == "audio":
            return InputAudioRawFrame(audio=base64.b64decode(message["data"]), sample_rate=16000, num_channels=1)
        return None


class Service(AWSNovaSonicLLMService):
    """As it is, with the address of another endpoint."""

    def create_client(self):
        client = super().create_client()
        client._config.endpoint_uri = os.environ["MODEL_ENDPOINT"]
        return client


@app.websocket("/ws")
async def talk(websocket: WebSocket):
    await websocket.accept(subprotocol="voice.v1.json")
    transport = FastAPIWebsocketTransport(
        websocket=websocket,
        params=FastAPIWebsocketParams(
            serializer=JsonSerializer(),
            audio_in_enabled=True,
            audio_out_enabled=True,
            audio_out_10ms_chunks=4,
        ),
    )
    model = Service(
        access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
        secret_access_key=os.environ["AWS_SECRET_ACCESS_KEY"],
        region="us-east-1",
        settings=Service.Settings(
            model="amazon.nova-2-sonic-v1:0",
            voice="tiffany",
            system_instruction="You are a friendly assistant. Answer in one to three short sentences.",
        ),
    )
    aggregators = LLMContextAggregatorPair(LLMContext())
    task = PipelineTask(
        Pipeline([transport.input(), aggregators.user(), model, transport.output(), aggregators.assistant()]),
        params=PipelineParams(audio_in_sample_rate=16000, audio_out_sample_rate=24000),
    )

    @transport.event_handler("on_client_connected")
    async def connected(_transport, _client):
        await task.queue_frames([LLMRunFrame()])
        await websocket.send_text(json.dumps({"type": "state", "state": "listening"}))

    @transport.event_handler("on_client_disconnected")
    async def disconnected(_transport, _client):
        await task.cancel()

    await PipelineRunner(handle_sigint=False).run(task)


if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    print(f"ready http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="error")).run(sockets=[listener])
