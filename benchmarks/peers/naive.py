"""What one writes first: FastAPI, the official SDK, a task that reads and a loop that sends, JSON everywhere."""

import asyncio
import base64
import json
import os
import socket

import uvicorn
from aws_sdk_bedrock_runtime.client import AsyncBedrockRuntimeClient
from aws_sdk_bedrock_runtime.config import AsyncBedrockRuntimeConfig
from aws_sdk_bedrock_runtime.models import (
    BidirectionalInputPayloadPart,
    InvokeModelWithBidirectionalStreamInputChunk,
    InvokeModelWithBidirectionalStreamOperationInput,
)
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from smithy_http.aio.crt import AWSCRTHTTPClient

from events import audio_input, opening

app = FastAPI()
client = None


async def bedrock():
    global client
    if client is None:
        config = await AsyncBedrockRuntimeConfig.resolve(
            endpoint_uri=os.environ["MODEL_ENDPOINT"], region="us-east-1", transport=AWSCRTHTTPClient()
        )
        client = AsyncBedrockRuntimeClient(config=config)
    return client


async def send(stream, event):
    part = BidirectionalInputPayloadPart(bytes_=json.dumps(event).encode())
    await stream.input_stream.send(InvokeModelWithBidirectionalStreamInputChunk(value=part))


async def forward(stream, socket):
    _, output = await stream.await_output()
    while True:
        said = await output.receive()
        if said is None:
            return
        event = json.loads(said.value.bytes_.decode())["event"]
        if "audioOutput" in event:
            pcm = base64.b64decode(event["audioOutput"]["content"])
            await socket.send_json(
                {"type": "audio", "data": base64.b64encode(pcm).decode(), "format": "audio/pcm"}
            )


@app.websocket("/ws")
async def talk(socket: WebSocket):
    await socket.accept(subprotocol="voice.v1.json")
    stream = await (await bedrock()).invoke_model_with_bidirectional_stream(
        InvokeModelWithBidirectionalStreamOperationInput(model_id="amazon.nova-2-sonic-v1:0")
    )
    for event in opening():
        await send(stream, event)
    forwarding = asyncio.create_task(forward(stream, socket))
    await socket.send_json({"type": "state", "state": "listening"})
    try:
        while True:
            message = await socket.receive_json()
            if message["type"] == "audio":
                pcm = base64.b64decode(message["data"])
                await send(stream, audio_input(base64.b64encode(pcm).decode()))
            elif message["type"] == "end":
                break
        await socket.close()
    except WebSocketDisconnect:
        pass
    finally:
        forwarding.cancel()


if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    print(f"ready http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="error")).run(sockets=[listener])
