import { closed, list, oneOf, orNull, text } from '../../http/openapi/answer-schemas.js';

/** How to write to the holder of an account, in an answer. */
export const contactFields = {
  accountId: text('The account.'),
  email: text('The address.'),
  locale: orNull(text('The language of the person, if they gave one.')),
};

/** Whose addresses an answer does not have. */
export const withheldContacts = list(
  closed({
    accountId: text('The account.'),
    why: oneOf(
      ['deactivated', 'unreadable', 'erased', 'no-address'],
      'Why its address is not here; `unreadable`: an event of the account can’t be read.',
    ),
  }),
  'People of this part who are not to be written to, or can’t be.',
);
