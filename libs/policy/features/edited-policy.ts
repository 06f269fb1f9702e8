/** What commands about the content policy edit: the list of its versions. */
export const POLICY = { what: () => 'the content policy' };
