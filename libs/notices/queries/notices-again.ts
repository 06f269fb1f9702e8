import { atItsMoment, type DecisionsAgain, decisionsAgain } from '../../context/decisions-again.js';
import { noticeStream, queueNotice, recordDelivery, recordFailure, redeliverNotice } from '../notice.js';

export const noticesAgain: DecisionsAgain = decisionsAgain(noticeStream, {
  NoticeQueued: {
    rules: {},
    decide: (state, data) =>
      state.status === 'none' ? queueNotice(state, data) : redeliverNotice(state, data.noticeId),
  },
  NoticeDelivered: { rules: {}, decide: (state, { noticeId }) => recordDelivery(state, noticeId) },
  NoticeFailed: {
    rules: {},
    decide: (state, { noticeId, error, retryAt, isSkipped }, made) => {
      const failure = { error, isPermanent: retryAt === undefined, ...(isSkipped && { isSkipped }) };
      return atItsMoment(
        made,
        retryAt,
        (event) => (event.type === 'NoticeFailed' ? event.data.retryAt : undefined),
        (now) => recordFailure(state, noticeId, failure, now),
      );
    },
  },
});
