export const defineView = <View>(view: View): View => view;
