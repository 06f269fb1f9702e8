import { type Consumer, defineConsumer } from '../../subscriptions/consumer.js';
import { AddressChanged, AddressReserved } from '../events.js';
import type { AddressClaims } from '../features/address-claims.js';
import { personStream } from '../person.js';

/** Settles what a command left behind that ended between its steps: its reservation, and the address before a change. */
export const addressSettling = (addresses: AddressClaims): Consumer =>
  defineConsumer({
    name: 'address-settling',
    events: [AddressReserved, AddressChanged],
    key: ({ stream }) => stream,
    async react(event) {
      if (event.type === 'AddressReserved') await addresses.settleInTime(event.stream.slice(PREFIX_LENGTH));
      else if (event.data.formerHash !== undefined) await addresses.settle(event.data.formerHash);
    },
  });

const PREFIX_LENGTH = `${personStream.category}-`.length;
