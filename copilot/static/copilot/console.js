// The console without JavaScript is whole; these five make it quick.
import "./theme.js";
import "./editor.js";
import "./keys.js";
import "./live.js";
import "./palette.js";
