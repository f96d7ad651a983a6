// PURE. What happened on the way, to the sound or to the page, and did not end the call. What it is called stands in words/.

export type NoticeCode =
  | 'microphoneSwitched'
  | 'microphoneGone'
  | 'microphoneBack'
  | 'speakerGone'
  | 'echo'
  | 'soundSuspended'
  | 'clockWrong'
  | 'detectorMissing'
