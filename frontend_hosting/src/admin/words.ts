// PURE. What administrators read, in the languages of the page.

type Outcome = 'completed' | 'interrupted' | 'unanswered' | 'failed'

export type AdminWords = {
  readonly title: string
  readonly days: (count: string) => string
  readonly live: string
  readonly sessions: string
  readonly turns: string
  readonly minutes: string
  readonly completion: string
  readonly firstAudio: string
  readonly heard: string
  readonly cost: string
  readonly byDay: string
  readonly byHour: string
  readonly outcomes: Readonly<Record<Outcome, string>>
  readonly languages: string
  readonly errors: string
  readonly none: string
  readonly day: string
  readonly asTable: string
  readonly download: string
  readonly back: string
  readonly forbidden: string
  readonly unavailable: string
  readonly retry: string
  readonly recordings: string
  readonly openRecording: string
  readonly truncated: string
  readonly noRecording: string
  readonly waveform: string
  readonly turnFigures: (turn: string) => string
}

const en: AdminWords = {
  title: 'How the assistant is used', days: (count) => `Last ${count} days`, live: 'Sessions now', sessions: 'Sessions', turns: 'Turns',
  minutes: 'Minutes', completion: 'Turns that ended well', firstAudio: 'First audio (1 in 20 is slower)', heard: 'Last word to first sound (1 in 20 is slower)',
  cost: 'Cost by list price', byDay: 'By day', byHour: 'Turns by hour, UTC',
  outcomes: { completed: 'Completed', interrupted: 'Interrupted', unanswered: 'Unanswered', failed: 'Failed' },
  languages: 'Languages', errors: 'Errors of the model', none: 'None', day: 'Day', asTable: 'As a table', download: 'Download as CSV',
  back: 'To the assistant', forbidden: 'Only administrators may see this.', unavailable: 'The figures cannot be had at the moment.',
  retry: 'Try again', recordings: 'Recorded sessions', openRecording: 'Look at a recording from a file', truncated: 'The recording ended before the session.',
  noRecording: 'This is no recording of a session.', waveform: 'Loudness of the user (above) and the assistant (below), and the states',
  turnFigures: (turn) => `Time and cost of turn ${turn}`,
}
const de: AdminWords = {
  title: 'Wie der Assistent genutzt wird', days: (count) => `Letzte ${count} Tage`, live: 'Sitzungen jetzt', sessions: 'Sitzungen', turns: 'Beiträge',
  minutes: 'Minuten', completion: 'Gut beendete Beiträge', firstAudio: 'Erster Ton (1 von 20 ist langsamer)', heard: 'Letztes Wort bis erster Ton (1 von 20 ist langsamer)',
  cost: 'Kosten nach Listenpreis', byDay: 'Nach Tagen', byHour: 'Beiträge je Stunde, UTC',
  outcomes: { completed: 'Beendet', interrupted: 'Unterbrochen', unanswered: 'Unbeantwortet', failed: 'Fehlgeschlagen' },
  languages: 'Sprachen', errors: 'Fehler des Modells', none: 'Keine', day: 'Tag', asTable: 'Als Tabelle', download: 'Als CSV laden',
  back: 'Zum Assistenten', forbidden: 'Das dürfen nur Administratoren sehen.', unavailable: 'Die Zahlen sind gerade nicht zu haben.',
  retry: 'Noch einmal versuchen', recordings: 'Aufgezeichnete Sitzungen', openRecording: 'Eine Aufzeichnung aus einer Datei ansehen', truncated: 'Die Aufzeichnung endete vor der Sitzung.',
  noRecording: 'Das ist keine Aufzeichnung einer Sitzung.', waveform: 'Lautstärke des Nutzers (oben) und des Assistenten (unten), und die Zustände',
  turnFigures: (turn) => `Zeit und Kosten von Beitrag ${turn}`,
}
const es: AdminWords = {
  title: 'Cómo se usa el asistente', days: (count) => `Últimos ${count} días`, live: 'Sesiones ahora', sessions: 'Sesiones', turns: 'Turnos',
  minutes: 'Minutos', completion: 'Turnos que acabaron bien', firstAudio: 'Primer sonido (1 de 20 tarda más)', heard: 'De la última palabra al primer sonido (1 de 20 tarda más)',
  cost: 'Coste a precio de lista', byDay: 'Por día', byHour: 'Turnos por hora, UTC',
  outcomes: { completed: 'Completados', interrupted: 'Interrumpidos', unanswered: 'Sin respuesta', failed: 'Fallidos' },
  languages: 'Idiomas', errors: 'Errores del modelo', none: 'Ninguno', day: 'Día', asTable: 'Como tabla', download: 'Descargar como CSV',
  back: 'Al asistente', forbidden: 'Solo los administradores pueden ver esto.', unavailable: 'Las cifras no están disponibles ahora.',
  retry: 'Intentar de nuevo', recordings: 'Sesiones grabadas', openRecording: 'Ver una grabación de un archivo', truncated: 'La grabación acabó antes que la sesión.',
  noRecording: 'Esto no es la grabación de una sesión.', waveform: 'Volumen del usuario (arriba) y del asistente (abajo), y los estados',
  turnFigures: (turn) => `Tiempo y coste del turno ${turn}`,
}
const fr: AdminWords = {
  title: 'Comment l’assistant est utilisé', days: (count) => `${count} derniers jours`, live: 'Sessions en cours', sessions: 'Sessions', turns: 'Tours',
  minutes: 'Minutes', completion: 'Tours bien terminés', firstAudio: 'Premier son (1 sur 20 est plus lent)', heard: 'Du dernier mot au premier son (1 sur 20 est plus lent)',
  cost: 'Coût au prix public', byDay: 'Par jour', byHour: 'Tours par heure, UTC',
  outcomes: { completed: 'Terminés', interrupted: 'Interrompus', unanswered: 'Sans réponse', failed: 'Échoués' },
  languages: 'Langues', errors: 'Erreurs du modèle', none: 'Aucune', day: 'Jour', asTable: 'En tableau', download: 'Télécharger en CSV',
  back: 'Vers l’assistant', forbidden: 'Seuls les administrateurs peuvent voir ceci.', unavailable: 'Les chiffres ne sont pas disponibles pour le moment.',
  retry: 'Réessayer', recordings: 'Sessions enregistrées', openRecording: 'Regarder un enregistrement', truncated: 'L’enregistrement s’arrête avant la session.',
  noRecording: 'Ce n’est pas l’enregistrement d’une session.', waveform: 'Volume de l’utilisateur (en haut) et de l’assistant (en bas), et les états',
  turnFigures: (turn) => `Temps et coût du tour ${turn}`,
}
const it: AdminWords = {
  title: 'Come viene usato l’assistente', days: (count) => `Ultimi ${count} giorni`, live: 'Sessioni adesso', sessions: 'Sessioni', turns: 'Turni',
  minutes: 'Minuti', completion: 'Turni finiti bene', firstAudio: 'Primo suono (1 su 20 è più lento)', heard: 'Dall’ultima parola al primo suono (1 su 20 è più lento)',
  cost: 'Costo a prezzo di listino', byDay: 'Per giorno', byHour: 'Turni per ora, UTC',
  outcomes: { completed: 'Completati', interrupted: 'Interrotti', unanswered: 'Senza risposta', failed: 'Falliti' },
  languages: 'Lingue', errors: 'Errori del modello', none: 'Nessuno', day: 'Giorno', asTable: 'Come tabella', download: 'Scarica come CSV',
  back: 'All’assistente', forbidden: 'Solo gli amministratori possono vederlo.', unavailable: 'I dati non sono disponibili al momento.',
  retry: 'Riprova', recordings: 'Sessioni registrate', openRecording: 'Guarda una registrazione da un file', truncated: 'La registrazione è finita prima della sessione.',
  noRecording: 'Questa non è la registrazione di una sessione.', waveform: 'Volume dell’utente (sopra) e dell’assistente (sotto), e gli stati',
  turnFigures: (turn) => `Tempo e costo del turno ${turn}`,
}
const pt: AdminWords = {
  title: 'Como o assistente é usado', days: (count) => `Últimos ${count} dias`, live: 'Sessões agora', sessions: 'Sessões', turns: 'Turnos',
  minutes: 'Minutos', completion: 'Turnos que terminaram bem', firstAudio: 'Primeiro som (1 em 20 demora mais)', heard: 'Da última palavra ao primeiro som (1 em 20 demora mais)',
  cost: 'Custo a preço de tabela', byDay: 'Por dia', byHour: 'Turnos por hora, UTC',
  outcomes: { completed: 'Concluídos', interrupted: 'Interrompidos', unanswered: 'Sem resposta', failed: 'Falhados' },
  languages: 'Idiomas', errors: 'Erros do modelo', none: 'Nenhum', day: 'Dia', asTable: 'Como tabela', download: 'Baixar como CSV',
  back: 'Para o assistente', forbidden: 'Só administradores podem ver isto.', unavailable: 'Os números não estão disponíveis agora.',
  retry: 'Tentar de novo', recordings: 'Sessões gravadas', openRecording: 'Ver uma gravação de um arquivo', truncated: 'A gravação terminou antes da sessão.',
  noRecording: 'Isto não é a gravação de uma sessão.', waveform: 'Volume do usuário (acima) e do assistente (abaixo), e os estados',
  turnFigures: (turn) => `Tempo e custo do turno ${turn}`,
}

export const ADMIN_WORDS = { en, de, es, fr, it, pt } as const
