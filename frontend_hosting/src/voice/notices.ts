// PURE. What happened to the sound on the way and did not end the call. What it is called stands in words/.

export type NoticeCode =
  | 'microphoneSwitched'
  | 'microphoneGone'
  | 'microphoneBack'
  | 'speakerGone'
  | 'echo'
  | 'soundSuspended'
