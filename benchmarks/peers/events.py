"""The events that begin a stream, as every sample spells them."""

PROMPT, AUDIO = "prompt", "audio"
INSTRUCTIONS = "You are a friendly assistant. Answer in one to three short sentences."


def opening():
    pcm = {
        "mediaType": "audio/lpcm",
        "sampleSizeBits": 16,
        "channelCount": 1,
        "audioType": "SPEECH",
        "encoding": "base64",
    }
    yield {
        "event": {
            "sessionStart": {"inferenceConfiguration": {"maxTokens": 1024, "topP": 0.9, "temperature": 0.7}}
        }
    }
    yield {
        "event": {
            "promptStart": {
                "promptName": PROMPT,
                "textOutputConfiguration": {"mediaType": "text/plain"},
                "audioOutputConfiguration": {**pcm, "sampleRateHertz": 24000, "voiceId": "tiffany"},
            }
        }
    }
    text = {"promptName": PROMPT, "contentName": "system"}
    yield {
        "event": {
            "contentStart": {
                **text,
                "type": "TEXT",
                "interactive": False,
                "role": "SYSTEM",
                "textInputConfiguration": {"mediaType": "text/plain"},
            }
        }
    }
    yield {"event": {"textInput": {**text, "content": INSTRUCTIONS}}}
    yield {"event": {"contentEnd": text}}
    yield {
        "event": {
            "contentStart": {
                "promptName": PROMPT,
                "contentName": AUDIO,
                "type": "AUDIO",
                "interactive": True,
                "role": "USER",
                "audioInputConfiguration": {**pcm, "sampleRateHertz": 16000},
            }
        }
    }


def audio_input(content):
    return {"event": {"audioInput": {"promptName": PROMPT, "contentName": AUDIO, "content": content}}}
