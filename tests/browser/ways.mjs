// The ways in which somebody looks at the shop: language, screen, JavaScript.

const VIEWPORTS = {
  phone: { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 },
  desktop: { viewport: { width: 1280, height: 800 } },
};

const LOCALES = { fr: 'fr-FR', en: 'en-GB' };

/** One way. `deep` asks axe about every page that is looked at, in both colour schemes. */
export function way(lang, viewport, js, deep = false) {
  const name = `${lang} ${viewport} ${js ? 'js' : 'nojs'}`;
  const options = {
    ...VIEWPORTS[viewport], locale: LOCALES[lang], javaScriptEnabled: js, colorScheme: 'light', reducedMotion: 'reduce',
  };
  return { name, lang, viewport, js, deep, options };
}

/** All eight ways; axe looks at those that show every page in both languages, on both screens, with and without scripts. */
export const WAYS = [
  way('fr', 'phone', true, true),
  way('en', 'desktop', true, true),
  way('en', 'phone', false, true),
  way('fr', 'desktop', false, true),
  way('en', 'phone', true),
  way('fr', 'desktop', true),
  way('fr', 'phone', false),
  way('en', 'desktop', false),
];

/** Both languages, screens, with and without scripts, in as few ways as that takes. */
export const FEW = [way('fr', 'phone', true, true), way('en', 'phone', false), way('en', 'desktop', true)];

/** An amount of cents as pages show it, with plain spaces. */
export function euros(lang, cents) {
  const decimal = (cents / 100).toFixed(2);
  return lang === 'fr' ? `${decimal.replace('.', ',')} €` : `€${decimal}`;
}

/** An amount of cents as somebody types it. */
export function typed(lang, cents) {
  const decimal = (cents / 100).toFixed(2);
  return lang === 'fr' ? decimal.replace('.', ',') : decimal;
}

/** `french` or `english`, whichever this way speaks. */
export function say(lang, french, english) {
  return lang === 'fr' ? french : english;
}
