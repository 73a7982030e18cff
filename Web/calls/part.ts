// The part of the app that makes, takes and shows calls: loaded with the first one.

import type { MainModel } from "../model/main";
import { ProfileHost } from "./host";
import { Telephone } from "./telephone";

export { Guest } from "./tabs/guest";
export { guestView } from "./view/guest";
export { loadStyles, telephoneView } from "./view/telephone";
export { Telephone };

/** For the tab that works on the profile. */
export function profileTelephone(main: MainModel): Telephone {
    const telephone = new Telephone(new ProfileHost(main));
    telephone.shareWithTabs();
    return telephone;
}
