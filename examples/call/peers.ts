/** Two peers in one page: what is added at one end arrives at the other over a real connection. */

export interface Traffic {
  /** Such as "opus 48 kHz"; empty before the first packet. */
  codec: string;
  /** Bits a second of each track since the last question. */
  rates: number[];
}

export class Peers {
  private readonly near = new RTCPeerConnection();
  private readonly far = new RTCPeerConnection();
  private readonly elements: HTMLAudioElement[] = [];
  private sent: { bytes: number; at: number }[] = [];

  constructor(private readonly onLost: () => void) {
    this.near.onicecandidate = ({ candidate }) => candidate && this.far.addIceCandidate(candidate);
    this.far.onicecandidate = ({ candidate }) => candidate && this.near.addIceCandidate(candidate);
    this.near.onconnectionstatechange = () => {
      if (this.near.connectionState === 'failed') this.onLost();
    };
  }

  /** Sends the tracks and gives what arrives, in the same order. */
  async connect(tracks: readonly MediaStreamTrack[]): Promise<MediaStream[]> {
    const { near, far } = this;
    for (const track of tracks) near.addTrack(track);
    await near.setLocalDescription();
    await far.setRemoteDescription(near.localDescription as RTCSessionDescription);
    await far.setLocalDescription();
    await near.setRemoteDescription(far.localDescription as RTCSessionDescription);
    const streams = far.getTransceivers().map(({ receiver }) => new MediaStream([receiver.track]));
    // Chromium decodes a remote track only for an element that plays it.
    for (const stream of streams) {
      const element = new Audio();
      element.srcObject = stream;
      element.muted = true;
      element.play().catch(() => {});
      this.elements.push(element);
    }
    return streams;
  }

  async traffic(): Promise<Traffic> {
    let codec = '';
    const rates: number[] = [];
    for (const [i, sender] of this.near.getSenders().entries()) {
      const report = await sender.getStats();
      for (const entry of report.values()) {
        if (entry.type !== 'outbound-rtp') continue;
        const before = this.sent[i];
        this.sent[i] = { bytes: entry.bytesSent, at: entry.timestamp };
        if (before) rates[i] = (8000 * (entry.bytesSent - before.bytes)) / (entry.timestamp - before.at);
        const used = report.get(entry.codecId);
        if (used) codec = `${used.mimeType.replace('audio/', '')} ${used.clockRate / 1000} kHz`;
      }
    }
    return { codec, rates };
  }

  close(): void {
    for (const element of this.elements) element.srcObject = null;
    this.near.close();
    this.far.close();
  }
}
