// PURE. Float samples in [-1, 1] and 16-bit PCM.

/** Samples as 16-bit PCM; what is louder than full scale is clipped. */
export function toPcm16(samples: Float32Array, into: Int16Array = new Int16Array(samples.length)): Int16Array {
  for (let i = 0; i < samples.length; i++) {
    const sample = Math.max(-1, Math.min(1, samples[i] ?? 0))
    into[i] = sample < 0 ? sample * 32768 : sample * 32767
  }
  return into
}

/** 16-bit PCM as samples in [-1, 1). */
export function toFloat(pcm: Int16Array): Float32Array<ArrayBuffer> {
  const samples = new Float32Array(pcm.length)
  for (let i = 0; i < pcm.length; i++) samples[i] = (pcm[i] ?? 0) / 32768
  return samples
}

export function rms(samples: Float32Array): number {
  let energy = 0
  for (let i = 0; i < samples.length; i++) energy += (samples[i] ?? 0) ** 2
  return samples.length === 0 ? 0 : Math.sqrt(energy / samples.length)
}
