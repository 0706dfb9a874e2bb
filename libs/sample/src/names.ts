/** Given and family names that go together, in the scripts of a large consortium's readers. */
export const names: readonly {
  readonly language: string;
  readonly given: readonly string[];
  readonly family: readonly string[];
}[] = [
  {
    language: 'en',
    given: [
      'Amelia',
      'Oliver',
      'Grace',
      'Harry',
      'Isla',
      'George',
      'Poppy',
      'Noah',
      'Freya',
      'Arthur',
      'Niamh',
      'Siân',
      'Zoë',
    ],
    family: [
      'Smith',
      'Jones',
      'Taylor',
      'O’Brien',
      'Evans',
      'Thomas',
      'MacDonald',
      'Wright',
      'Okafor',
      'Patel',
      'Khan',
    ],
  },
  {
    language: 'de',
    given: ['Jürgen', 'Käthe', 'Björn', 'Anneliese'],
    family: ['Müller', 'Groß', 'Schäfer', 'von der Heide'],
  },
  {
    language: 'fr',
    given: ['Chloé', 'Étienne', 'Anaïs', 'François'],
    family: ['Lefèvre', 'Bénard', 'D’Aubigné', 'Moreau'],
  },
  {
    language: 'es',
    given: ['José María', 'Lucía', 'Íñigo', 'Begoña'],
    family: ['García López', 'Núñez', 'Ibáñez Vega'],
  },
  {
    language: 'pl',
    given: ['Łukasz', 'Małgorzata', 'Świętosława'],
    family: ['Wójcik', 'Żółkiewski', 'Dąbrowska'],
  },
  { language: 'tr', given: ['Işıl', 'Çağrı', 'Gülşen'], family: ['Yıldız', 'Şahin', 'Öztürk'] },
  { language: 'vi', given: ['Thị Hương', 'Đức', 'Quỳnh'], family: ['Nguyễn', 'Trần', 'Phạm'] },
  { language: 'uk', given: ['Оксана', 'Тарас', 'Соломія'], family: ['Шевченко', 'Коваленко', 'Гончарук'] },
  { language: 'el', given: ['Ελένη', 'Γιώργος'], family: ['Παπαδόπουλος', 'Νικολάου'] },
  { language: 'ar', given: ['فاطمة', 'محمد', 'ليلى'], family: ['الحسن', 'بن يوسف', 'العلي'] },
  { language: 'he', given: ['נועה', 'דוד'], family: ['כהן', 'לוי'] },
  { language: 'hi', given: ['आरव', 'प्रिया'], family: ['शर्मा', 'सिंह'] },
  { language: 'zh', given: ['伟', '秀英', '子涵'], family: ['王', '李', '欧阳'] },
  { language: 'ja', given: ['さくら', '太郎'], family: ['佐藤', '鈴木'] },
  { language: 'ko', given: ['민준', '서연'], family: ['김', '이'] },
];
