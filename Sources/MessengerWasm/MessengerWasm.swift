// The exports for the browser.
import Messenger
