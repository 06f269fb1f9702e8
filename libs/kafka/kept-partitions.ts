import kafkajs, { type ICustomPartitioner, type Message, type RecordMetadata } from 'kafkajs';

/**
 * Keeps the partition of each message. kafkajs chooses anew at each of its attempts, by what is available then and in turn
 * for messages without a key. But a partition that has stored the first attempt takes the same sequence numbers for a repeat,
 * so a message that moves to it would be lost without an error, and one that moves away from it would be stored twice.
 */
export class KeptPartitions {
  private readonly chosen = new WeakMap<Message, number>();

  readonly partitioner: ICustomPartitioner = () => {
    const choose = kafkajs.Partitioners.DefaultPartitioner();
    return (choice) => {
      const known = this.chosen.get(choice.message);
      if (known !== undefined) return known;
      const partition = choose(choice);
      this.chosen.set(choice.message, partition);
      return partition;
    };
  };

  /**
   * kafkajs asks a broker that has answered nothing more, so it drops a partition whose leader changes to such a broker
   * between two attempts.
   * @throws Error if no broker has confirmed a partition of these messages
   */
  requireConfirmed(topic: string, messages: readonly Message[], confirmed: readonly RecordMetadata[]): void {
    const stored = new Set(confirmed.map(({ partition }) => partition));
    const lost = new Set(messages.map((message) => this.chosen.get(message)!).filter((one) => !stored.has(one)));
    if (lost.size === 0) return;
    throw new Error(
      `no broker has confirmed the messages for partition ${[...lost].join(', ')} of ${topic}, whose leader may have changed: send them again`,
    );
  }
}
