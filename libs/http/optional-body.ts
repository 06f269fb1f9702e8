const OPTIONAL = 'gatehouse:optional-body';

/** Declares of the class of a body that a request may have none: it is then read as one without fields. */
export const OptionalBody = (): ClassDecorator => (body) => Reflect.defineMetadata(OPTIONAL, true, body);

export const isOptionalBody = (body: object): boolean => Reflect.getMetadata(OPTIONAL, body) === true;
