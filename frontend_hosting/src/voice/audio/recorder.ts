// For tests in a browser: records what passes, sample by sample, as channels of one length.

type Recording = { readonly channels: readonly Float32Array[]; readonly marks: readonly number[] }

const MODULE = `
registerProcessor('recorder', class extends AudioWorkletProcessor {
  blocks = []
  marks = []
  constructor() {
    super()
    this.port.onmessage = ({ data }) => {
      if (data === 'mark') this.marks.push(this.blocks.length * 128)
      else this.port.postMessage({ blocks: this.blocks, marks: this.marks })
    }
  }
  process(inputs) {
    this.blocks.push(inputs.map((input) => input[0]?.slice() ?? new Float32Array(128)))
    return true
  }
})`

export type Recorder = {
  readonly node: AudioWorkletNode
  /** Remember at which sample the recorder was when this was called. */
  readonly mark: () => void
  readonly read: () => Promise<Recording>
}

export async function createRecorder(context: BaseAudioContext, inputs: number): Promise<Recorder> {
  const url = URL.createObjectURL(new Blob([MODULE], { type: 'text/javascript' }))
  await context.audioWorklet.addModule(url)
  const node = new AudioWorkletNode(context, 'recorder', { numberOfInputs: inputs, numberOfOutputs: 1 })
  node.connect(context.destination)
  return {
    node,
    mark: () => node.port.postMessage('mark'),
    read: async () => {
      const answer = new Promise<{ blocks: Float32Array[][]; marks: number[] }>((resolve) => {
        node.port.onmessage = ({ data }: MessageEvent<{ blocks: Float32Array[][]; marks: number[] }>) => resolve(data)
      })
      node.port.postMessage('read')
      const { blocks, marks } = await answer
      const channels = Array.from({ length: inputs }, (_, input) => {
        const samples = new Float32Array(blocks.length * 128)
        blocks.forEach((block, index) => samples.set(block[input] ?? [], index * 128))
        return samples
      })
      return { channels, marks }
    },
  }
}
