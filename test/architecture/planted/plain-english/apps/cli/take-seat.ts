// planted violation
/** Given again, it is so already. */
export const quiet = 'a whole number';
