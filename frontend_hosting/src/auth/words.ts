// Every word of signing in, in the page's six languages.

import type { SignInProblemCode } from './problems.ts'

type ProblemText = { readonly title: string; readonly remedy: string }

export type AuthWords = {
  readonly locale: string
  readonly product: string
  readonly lead: string
  readonly leadText: string
  readonly signIn: string
  readonly signingIn: string
  readonly signInAgain: string
  readonly signOut: string
  readonly signOutOf: (account: string) => string
  readonly tryAgain: string
  readonly problems: Readonly<Record<SignInProblemCode, ProblemText>>
}

const en: AuthWords = {
  locale: 'en',
  product: 'Voice assistant',
  lead: 'Talk it through.',
  leadText: 'Sign in to talk with the assistant. You will come back here.',
  signIn: 'Sign in',
  signingIn: 'Signing in',
  signInAgain: 'Sign in again',
  signOut: 'Sign out',
  signOutOf: (account) => `Sign out ${account}`,
  tryAgain: 'Try again',
  problems: {
    insecure: { title: 'This page is not secure', remedy: 'Browsers sign in only over https. Open the page at its https address, or on localhost.' },
    storageBlocked: { title: 'This browser keeps nothing for this page', remedy: 'Signing in needs site data for a moment. Allow it for this site, or leave private browsing.' },
    serviceUnreachable: { title: 'The service cannot be reached', remedy: 'Check your internet connection. If that is fine, try again in a few minutes.' },
    configMissing: { title: 'The page was not set up', remedy: 'It does not know where to sign in. Tell whoever looks after it.' },
    configWrong: { title: 'The page was set up wrongly', remedy: 'Tell whoever looks after it.' },
    poolUnreachable: { title: 'Sign-in cannot be reached', remedy: 'Nothing is wrong with your password. Try again in a moment.' },
    notCompleted: { title: 'The sign-in was not completed', remedy: 'It took too long, or began in another window. Sign in once more.' },
  },
}

const de: AuthWords = {
  locale: 'de',
  product: 'Sprachassistent',
  lead: 'Sprechen wir darüber.',
  leadText: 'Melden Sie sich an, um mit dem Assistenten zu sprechen. Sie kommen hierher zurück.',
  signIn: 'Anmelden',
  signingIn: 'Anmeldung läuft',
  signInAgain: 'Wieder anmelden',
  signOut: 'Abmelden',
  signOutOf: (account) => `${account} abmelden`,
  tryAgain: 'Noch einmal versuchen',
  problems: {
    insecure: { title: 'Diese Seite ist nicht sicher', remedy: 'Browser melden nur über https an. Öffnen Sie die Seite unter ihrer https-Adresse oder auf localhost.' },
    storageBlocked: { title: 'Dieser Browser merkt sich nichts für diese Seite', remedy: 'Die Anmeldung braucht für einen Moment Websitedaten. Erlauben Sie sie für diese Seite oder verlassen Sie das private Fenster.' },
    serviceUnreachable: { title: 'Der Dienst ist nicht erreichbar', remedy: 'Prüfen Sie Ihre Internetverbindung. Ist sie in Ordnung, versuchen Sie es in einigen Minuten wieder.' },
    configMissing: { title: 'Die Seite ist nicht eingerichtet', remedy: 'Sie weiß nicht, wo man sich anmeldet. Sagen Sie es denen, die sie betreiben.' },
    configWrong: { title: 'Die Seite ist falsch eingerichtet', remedy: 'Sagen Sie es denen, die sie betreiben.' },
    poolUnreachable: { title: 'Die Anmeldung ist nicht erreichbar', remedy: 'An Ihrem Passwort liegt es nicht. Versuchen Sie es gleich noch einmal.' },
    notCompleted: { title: 'Die Anmeldung wurde nicht abgeschlossen', remedy: 'Sie dauerte zu lange oder begann in einem anderen Fenster. Melden Sie sich noch einmal an.' },
  },
}

const es: AuthWords = {
  locale: 'es',
  product: 'Asistente de voz',
  lead: 'Hablemos de ello.',
  leadText: 'Inicie sesión para hablar con el asistente. Después volverá aquí.',
  signIn: 'Iniciar sesión',
  signingIn: 'Iniciando sesión',
  signInAgain: 'Volver a iniciar sesión',
  signOut: 'Cerrar sesión',
  signOutOf: (account) => `Cerrar la sesión de ${account}`,
  tryAgain: 'Intentar de nuevo',
  problems: {
    insecure: { title: 'Esta página no es segura', remedy: 'Los navegadores solo inician sesión por https. Abra la página en su dirección https o en localhost.' },
    storageBlocked: { title: 'Este navegador no guarda nada para esta página', remedy: 'Iniciar sesión necesita datos del sitio por un momento. Permítalos para este sitio o salga de la navegación privada.' },
    serviceUnreachable: { title: 'No se puede acceder al servicio', remedy: 'Compruebe su conexión a internet. Si está bien, inténtelo dentro de unos minutos.' },
    configMissing: { title: 'La página no está configurada', remedy: 'No sabe dónde iniciar sesión. Avise a quien la mantiene.' },
    configWrong: { title: 'La página está mal configurada', remedy: 'Avise a quien la mantiene.' },
    poolUnreachable: { title: 'No se puede acceder al inicio de sesión', remedy: 'Su contraseña no es el problema. Inténtelo de nuevo en un momento.' },
    notCompleted: { title: 'El inicio de sesión no se completó', remedy: 'Tardó demasiado o empezó en otra ventana. Inicie sesión una vez más.' },
  },
}

const pt: AuthWords = {
  locale: 'pt',
  product: 'Assistente de voz',
  lead: 'Vamos conversar.',
  leadText: 'Entre para falar com o assistente. Depois você volta para cá.',
  signIn: 'Entrar',
  signingIn: 'Entrando',
  signInAgain: 'Entrar novamente',
  signOut: 'Sair',
  signOutOf: (account) => `Sair da conta ${account}`,
  tryAgain: 'Tentar novamente',
  problems: {
    insecure: { title: 'Esta página não é segura', remedy: 'Os navegadores só permitem entrar por https. Abra a página em seu endereço https ou em localhost.' },
    storageBlocked: { title: 'Este navegador não guarda nada para esta página', remedy: 'Para entrar são necessários dados do site por um momento. Permita-os para este site ou saia da navegação privada.' },
    serviceUnreachable: { title: 'Não é possível acessar o serviço', remedy: 'Verifique sua conexão com a internet. Se estiver tudo certo, tente em alguns minutos.' },
    configMissing: { title: 'A página não foi configurada', remedy: 'Ela não sabe onde entrar. Avise quem cuida dela.' },
    configWrong: { title: 'A página foi configurada incorretamente', remedy: 'Avise quem cuida dela.' },
    poolUnreachable: { title: 'Não é possível acessar o login', remedy: 'O problema não é a sua senha. Tente novamente em instantes.' },
    notCompleted: { title: 'O login não foi concluído', remedy: 'Demorou demais ou começou em outra janela. Entre mais uma vez.' },
  },
}

const fr: AuthWords = {
  locale: 'fr',
  product: 'Assistant vocal',
  lead: 'Parlons-en.',
  leadText: 'Connectez-vous pour parler avec l’assistant. Vous reviendrez ici.',
  signIn: 'Se connecter',
  signingIn: 'Connexion en cours',
  signInAgain: 'Se reconnecter',
  signOut: 'Se déconnecter',
  signOutOf: (account) => `Déconnecter ${account}`,
  tryAgain: 'Réessayer',
  problems: {
    insecure: { title: 'Cette page n’est pas sécurisée', remedy: 'Les navigateurs ne permettent la connexion que par https. Ouvrez la page à son adresse https ou sur localhost.' },
    storageBlocked: { title: 'Ce navigateur ne garde rien pour cette page', remedy: 'La connexion a besoin un instant des données de site. Autorisez-les pour ce site ou quittez la navigation privée.' },
    serviceUnreachable: { title: 'Le service est injoignable', remedy: 'Vérifiez votre connexion à internet. Si elle fonctionne, réessayez dans quelques minutes.' },
    configMissing: { title: 'La page n’est pas configurée', remedy: 'Elle ne sait pas où se connecter. Prévenez ceux qui s’en occupent.' },
    configWrong: { title: 'La page est mal configurée', remedy: 'Prévenez ceux qui s’en occupent.' },
    poolUnreachable: { title: 'La connexion est injoignable', remedy: 'Votre mot de passe n’est pas en cause. Réessayez dans un instant.' },
    notCompleted: { title: 'La connexion n’a pas abouti', remedy: 'Elle a duré trop longtemps ou a commencé dans une autre fenêtre. Connectez-vous encore une fois.' },
  },
}

const it: AuthWords = {
  locale: 'it',
  product: 'Assistente vocale',
  lead: 'Parliamone.',
  leadText: 'Acceda per parlare con l’assistente. Poi tornerà qui.',
  signIn: 'Accedi',
  signingIn: 'Accesso in corso',
  signInAgain: 'Accedi di nuovo',
  signOut: 'Esci',
  signOutOf: (account) => `Esci da ${account}`,
  tryAgain: 'Riprova',
  problems: {
    insecure: { title: 'Questa pagina non è sicura', remedy: 'I browser permettono l’accesso solo tramite https. Apra la pagina al suo indirizzo https o su localhost.' },
    storageBlocked: { title: 'Questo browser non conserva nulla per questa pagina', remedy: 'L’accesso ha bisogno per un momento dei dati del sito. Li consenta per questo sito o esca dalla navigazione privata.' },
    serviceUnreachable: { title: 'Il servizio non è raggiungibile', remedy: 'Controlli la connessione a internet. Se funziona, riprovi tra qualche minuto.' },
    configMissing: { title: 'La pagina non è configurata', remedy: 'Non sa dove si accede. Avvisi chi la gestisce.' },
    configWrong: { title: 'La pagina è configurata male', remedy: 'Avvisi chi la gestisce.' },
    poolUnreachable: { title: 'L’accesso non è raggiungibile', remedy: 'La sua password non c’entra. Riprovi tra un momento.' },
    notCompleted: { title: 'L’accesso non è stato completato', remedy: 'È durato troppo o è iniziato in un’altra finestra. Acceda ancora una volta.' },
  },
}

const LANGUAGES: Readonly<Record<string, AuthWords>> = { en, de, es, pt, fr, it }

/** The words of the first of these languages that the page speaks; regions do not matter. */
export function authWords(wanted: readonly string[]): AuthWords {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split('-')[0] ?? ''
    const words = Object.hasOwn(LANGUAGES, language) ? LANGUAGES[language] : undefined
    if (words) return words
  }
  return en
}
