import { translator } from "../../i18n";
import { CallCatalogue, en } from "./en";
import { fr } from "./fr";

export type CallText = keyof CallCatalogue;

/** The sentence for a key of the calls' part. */
export const t = translator<CallText>({ en, fr });
