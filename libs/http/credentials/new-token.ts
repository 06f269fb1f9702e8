import { toIso } from '../../kernel/clock.js';
import { isReservedSource } from '../../kernel/command-context.js';
import { InvalidInput } from '../../kernel/errors.js';
import { isEntityId, isInstant } from '../../kernel/text-forms.js';
import { isUriReference } from '../../kernel/uri-reference.js';
import { isRole, ROLES, type Role, SENDERS, type SenderBinding } from './principal.js';

export interface NewToken extends SenderBinding {
  name: string;
  /**
   * Whom it belongs to: all tokens of one person are one actor, in events and in votes. Without one, a token of no role but
   * `service` and `metrics` belongs to the service of its name, and any other to the person of its name.
   */
  person?: string | undefined;
  roles: readonly string[];
  /** RFC 3339; without it the token is valid until it is revoked. */
  expiresAt?: string | undefined;
  createdBy: string;
}

/** What the rules of a token leave open is settled. */
export interface CheckedToken {
  name: string;
  person: string | null;
  roles: Role[];
  sources: string[] | null;
  eventTypes: string[] | null;
  expiresAt: Date | null;
}

/** A token with no other roles is a service's, unless it names its person. */
const OF_SERVICES: readonly Role[] = ['service', 'metrics'];

const ID_FORM = 'must have 1 to 200 letters, digits or . _ : ~ -, and start with a letter or digit';

/**
 * @param now epoch milliseconds
 * @throws InvalidInput with every field that is wrong: the name or the person is not an identifier, a role is missing or
 * unknown, a binding binds nothing, or it would have expired
 */
export function checkNewToken(wanted: NewToken, now: number): CheckedToken {
  const { name, person, roles, sources, eventTypes, expiresAt } = wanted;
  const errors = [];
  if (!isEntityId(name)) errors.push({ field: '/name', message: ID_FORM });
  if (person !== undefined && !isEntityId(person)) errors.push({ field: '/person', message: ID_FORM });
  if (roles.length === 0 || !roles.every(isRole))
    errors.push({ field: '/roles', message: `must name one or more of ${ROLES.join(', ')}` });
  const wrongSource = sources?.find((source) => !isUriReference(source));
  if (wrongSource !== undefined)
    errors.push({ field: '/sources', message: `${JSON.stringify(wrongSource)} is not a URI reference` });
  const ours = sources?.find(isReservedSource);
  if (ours !== undefined)
    errors.push({
      field: '/sources',
      message: `has ${ours}, which is reserved for events that Gatehouse itself stores`,
    });
  for (const [field, list] of Object.entries({ sources, eventTypes })) {
    if (list && !SENDERS.some((role) => roles.includes(role)))
      errors.push({ field: `/${field}`, message: `binds only the roles that send events: ${SENDERS.join(', ')}` });
  }
  if (expiresAt !== undefined && !(isInstant(expiresAt) && Date.parse(expiresAt) > now))
    errors.push({ field: '/expiresAt', message: `must be a time after now, ${toIso(now)}` });
  if (errors.length > 0) throw new InvalidInput(errors);
  const may = [...new Set(roles.filter(isRole))];
  return {
    name,
    // What a person decides must count as theirs, also with a token that reports events.
    person: person ?? (may.every((role) => OF_SERVICES.includes(role)) ? null : name),
    roles: may,
    sources: sources ? [...new Set(sources)] : null,
    eventTypes: eventTypes ? [...new Set(eventTypes)] : null,
    expiresAt: expiresAt === undefined ? null : new Date(expiresAt),
  };
}
