// The part of the app that makes, takes and shows calls: loaded with the first one.

export { Telephone } from "./telephone";
export { loadStyles, telephoneView } from "./view/telephone";
