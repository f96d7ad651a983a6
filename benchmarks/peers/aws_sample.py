"""The shape of AWS's Nova Sonic workshop server: for each session a client, two queues and three tasks.

A condensed re-creation of its structure, not the shipped file; the wire to the client is the load generator's.
"""

import asyncio
import base64
import json
import os

from aws_sdk_bedrock_runtime.client import (
    BedrockRuntimeClient,
    InvokeModelWithBidirectionalStreamOperationInput,
)
from aws_sdk_bedrock_runtime.config import Config
from aws_sdk_bedrock_runtime.models import (
    BidirectionalInputPayloadPart,
    InvokeModelWithBidirectionalStreamInputChunk,
)
from smithy_aws_core.identity import EnvironmentCredentialsResolver
from smithy_http.aio.crt import AWSCRTHTTPClient
from websockets.asyncio.server import serve

from events import audio_input, opening


class SessionManager:
    def __init__(self):
        config = Config(
            endpoint_uri=os.environ["MODEL_ENDPOINT"],
            region="us-east-1",
            aws_credentials_identity_resolver=EnvironmentCredentialsResolver(),
            transport=AWSCRTHTTPClient(),
        )
        self.client = BedrockRuntimeClient(config=config)
        self.audio = asyncio.Queue()
        self.output = asyncio.Queue()
        self.active = True

    async def start(self):
        self.stream = await self.client.invoke_model_with_bidirectional_stream(
            InvokeModelWithBidirectionalStreamOperationInput(model_id="amazon.nova-2-sonic-v1:0")
        )
        for event in opening():
            await self.send(event)
        self.tasks = [asyncio.create_task(self.responses()), asyncio.create_task(self.inputs())]

    async def send(self, event):
        part = BidirectionalInputPayloadPart(bytes_=json.dumps(event).encode("utf-8"))
        await self.stream.input_stream.send(InvokeModelWithBidirectionalStreamInputChunk(value=part))

    async def inputs(self):
        while self.active:
            await self.send(audio_input(await self.audio.get()))

    async def responses(self):
        while self.active:
            output = await self.stream.await_output()
            result = await output[1].receive()
            if result is None:
                return
            if result.value and result.value.bytes_:
                await self.output.put(json.loads(result.value.bytes_.decode("utf-8")))


async def talk(socket):
    manager = SessionManager()
    await manager.start()

    async def forward():
        while True:
            event = (await manager.output.get())["event"]
            if "audioOutput" in event:
                pcm = base64.b64decode(event["audioOutput"]["content"])
                said = {"type": "audio", "data": base64.b64encode(pcm).decode(), "format": "audio/pcm"}
                await socket.send(json.dumps(said))

    forwarding = asyncio.create_task(forward())
    await socket.send(json.dumps({"type": "state", "state": "listening"}))
    try:
        async for text in socket:
            message = json.loads(text)
            if message["type"] == "audio":
                manager.audio.put_nowait(message["data"])
            elif message["type"] == "end":
                break
    finally:
        manager.active = False
        for task in (forwarding, *manager.tasks):
            task.cancel()


async def main():
    async with serve(talk, "127.0.0.1", 0, subprotocols=["voice.v1.json"], compression=None) as server:
        print(f"ready http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
