// Nouns with all their forms, written out, so that no rule has an exception.

/** The grammatical genders; they decide the endings of adjectives and verbs. */
export type RussianGender = "masculine" | "feminine" | "neuter";

/** The cases, in the order of the tables. */
export const CASES = [
  "nominative",
  "genitive",
  "dative",
  "accusative",
  "instrumental",
  "prepositional",
] as const;

/** A grammatical case. */
export type Case = typeof CASES[number];

/** A noun: its singular by case, and two forms of its plural. */
export interface RussianNoun extends Readonly<Record<Case, string>> {
  readonly gender: RussianGender;
  /** Whether the accusative of a masculine adjective is its genitive. */
  readonly isAnimate: boolean;
  /** Nominative and genitive of the plural; nouns that are not counted have none. */
  readonly plural: string;
  readonly pluralGenitive: string;
}

/** Reads rows of forms: six cases of the singular, two of the plural. */
function nouns(gender: RussianGender, isAnimate: boolean, rows: readonly string[]): RussianNoun[] {
  return rows.map((row) => {
    const [nominative, genitive, dative, accusative, instrumental, prepositional, ...many] = row
      .split(" ");
    const [plural = "", pluralGenitive = ""] = many;
    return {
      gender,
      isAnimate,
      nominative,
      genitive,
      dative,
      accusative,
      instrumental,
      prepositional,
      plural,
      pluralGenitive,
    };
  });
}

/** Things that are owned, lost, given and found. */
export const BELONGINGS: readonly RussianNoun[] = [
  ...nouns("masculine", false, [
    "мяч мяча мячу мяч мячом мяче мячи мячей",
    "шарф шарфа шарфу шарф шарфом шарфе шарфы шарфов",
    "зонт зонта зонту зонт зонтом зонте зонты зонтов",
    "карандаш карандаша карандашу карандаш карандашом карандаше карандаши карандашей",
    "рюкзак рюкзака рюкзаку рюкзак рюкзаком рюкзаке рюкзаки рюкзаков",
    "самолёт самолёта самолёту самолёт самолётом самолёте самолёты самолётов",
    "фонарик фонарика фонарику фонарик фонариком фонарике фонарики фонариков",
    "барабан барабана барабану барабан барабаном барабане барабаны барабанов",
  ]),
  ...nouns("feminine", false, [
    "книга книги книге книгу книгой книге книги книг",
    "шапка шапки шапке шапку шапкой шапке шапки шапок",
    "машинка машинки машинке машинку машинкой машинке машинки машинок",
    "лодка лодки лодке лодку лодкой лодке лодки лодок",
    "сумка сумки сумке сумку сумкой сумке сумки сумок",
    "кружка кружки кружке кружку кружкой кружке кружки кружек",
    "лопатка лопатки лопатке лопатку лопаткой лопатке лопатки лопаток",
    "игрушка игрушки игрушке игрушку игрушкой игрушке игрушки игрушек",
  ]),
  ...nouns("neuter", false, [
    "ведро ведра ведру ведро ведром ведре вёдра вёдер",
    "кольцо кольца кольцу кольцо кольцом кольце кольца колец",
    "одеяло одеяла одеялу одеяло одеялом одеяле одеяла одеял",
    "зеркало зеркала зеркалу зеркало зеркалом зеркале зеркала зеркал",
  ]),
];

/** Things that are counted and eaten. */
export const RUSSIAN_GOODS: readonly RussianNoun[] = [
  ...nouns("masculine", false, [
    "орех ореха ореху орех орехом орехе орехи орехов",
    "гриб гриба грибу гриб грибом грибе грибы грибов",
    "пирожок пирожка пирожку пирожок пирожком пирожке пирожки пирожков",
    "огурец огурца огурцу огурец огурцом огурце огурцы огурцов",
    "помидор помидора помидору помидор помидором помидоре помидоры помидоров",
    "цветок цветка цветку цветок цветком цветке цветы цветов",
    "камень камня камню камень камнем камне камни камней",
  ]),
  ...nouns("feminine", false, [
    "груша груши груше грушу грушей груше груши груш",
    "шишка шишки шишке шишку шишкой шишке шишки шишек",
    "конфета конфеты конфете конфету конфетой конфете конфеты конфет",
    "слива сливы сливе сливу сливой сливе сливы слив",
    "морковка морковки морковке морковку морковкой морковке морковки морковок",
  ]),
  ...nouns("neuter", false, [
    "яблоко яблока яблоку яблоко яблоком яблоке яблоки яблок",
    "яйцо яйца яйцу яйцо яйцом яйце яйца яиц",
  ]),
];

/** What grows from a seed. */
export const PLANTS: readonly RussianNoun[] = [
  ...nouns("masculine", false, [
    "подсолнух подсолнуха подсолнуху подсолнух подсолнухом подсолнухе",
    "куст куста кусту куст кустом кусте",
    "горох гороха гороху горох горохом горохе",
  ]),
  ...nouns("feminine", false, [
    "тыква тыквы тыкве тыкву тыквой тыкве",
    "яблоня яблони яблоне яблоню яблоней яблоне",
    "роза розы розе розу розой розе",
  ]),
  ...nouns("neuter", false, [
    "дерево дерева дереву дерево деревом дереве",
    "растение растения растению растение растением растении",
  ]),
];

/** An animal, what it eats (accusative and instrumental), and what is known of it. */
export interface RussianAnimal extends RussianNoun {
  readonly food: string;
  readonly home: string;
  readonly fact: string;
}

function animals(
  gender: RussianGender,
  rows: readonly (readonly [forms: string, food: string, home: string, fact: string])[],
): RussianAnimal[] {
  return rows.map(([forms, food, home, fact]) => {
    const [noun] = nouns(gender, true, [forms]);
    return { ...noun, food, home, fact };
  });
}

/** Animals. */
export const RUSSIAN_ANIMALS: readonly RussianAnimal[] = [
  ...animals("masculine", [
    ["кот кота коту кота котом коте коты котов", "рыбу", "в доме", "ловит мышей"],
    ["щенок щенка щенку щенка щенком щенке щенки щенков", "косточку", "в будке", "виляет хвостом"],
    ["ёжик ёжика ёжику ёжика ёжиком ёжике ёжики ёжиков", "гриб", "под кустом", "носит иголки"],
    ["заяц зайца зайцу зайца зайцем зайце зайцы зайцев", "морковку", "под ёлкой", "быстро бегает"],
    [
      "медведь медведя медведю медведя медведем медведе медведи медведей",
      "мёд",
      "в берлоге",
      "спит всю зиму",
    ],
    [
      "воробей воробья воробью воробья воробьём воробье воробьи воробьёв",
      "зерно",
      "под крышей",
      "умеет летать",
    ],
  ]),
  ...animals("feminine", [
    [
      "собака собаки собаке собаку собакой собаке собаки собак",
      "косточку",
      "в будке",
      "громко лает",
    ],
    ["кошка кошки кошке кошку кошкой кошке кошки кошек", "рыбу", "в доме", "тихо мурлычет"],
    ["белка белки белке белку белкой белке белки белок", "орех", "в дупле", "прыгает по веткам"],
    ["мышка мышки мышке мышку мышкой мышке мышки мышек", "сыр", "в норке", "тихо пищит"],
    ["птица птицы птице птицу птицей птице птицы птиц", "зерно", "в гнезде", "поёт песни"],
    ["утка утки утке утку уткой утке утки уток", "хлеб", "на пруду", "плавает в воде"],
    ["лиса лисы лисе лису лисой лисе лисы лис", "рыбу", "в норе", "любит хитрить"],
    ["корова коровы корове корову коровой корове коровы коров", "траву", "в сарае", "даёт молоко"],
    [
      "лошадь лошади лошади лошадь лошадью лошади лошади лошадей",
      "сено",
      "в конюшне",
      "возит телегу",
    ],
  ]),
];

/** Animals that live in a house. */
export const RUSSIAN_PETS: readonly RussianAnimal[] = RUSSIAN_ANIMALS.filter(({ nominative }) =>
  ["кот", "щенок", "ёжик", "собака", "кошка", "мышка"].includes(nominative)
);

/** What is needed for cooking, in three cases. */
export interface Ingredient {
  readonly nominative: string;
  readonly genitive: string;
  readonly accusative: string;
}

/** Something to cook, and what one needs for it. */
export interface Dish extends RussianNoun {
  /** "cooked", masculine. */
  readonly cooked: string;
  /** "cook". */
  readonly cook: string;
  readonly needs: readonly Ingredient[];
}

const SALT = { nominative: "соль", genitive: "соли", accusative: "соль" };
const SUGAR = { nominative: "сахар", genitive: "сахара", accusative: "сахар" };
const FLOUR = { nominative: "мука", genitive: "муки", accusative: "муку" };
const BUTTER = { nominative: "масло", genitive: "масла", accusative: "масло" };
const MILK = { nominative: "молоко", genitive: "молока", accusative: "молоко" };

const BOIL = { cooked: "сварил", cook: "сварить" };
const BAKE = { cooked: "испёк", cook: "испечь" };

function dish(
  gender: RussianGender,
  forms: string,
  verbs: typeof BOIL,
  needs: readonly Ingredient[],
): Dish {
  const [noun] = nouns(gender, false, [forms]);
  return { ...noun, ...verbs, needs };
}

/** Things to cook. */
export const DISHES: readonly Dish[] = [
  dish("masculine", "суп супа супу суп супом супе", BOIL, [SALT, BUTTER]),
  dish("masculine", "компот компота компоту компот компотом компоте", BOIL, [SUGAR]),
  dish("feminine", "каша каши каше кашу кашей каше", BOIL, [MILK, SALT, BUTTER]),
  dish("neuter", "варенье варенья варенью варенье вареньем варенье", BOIL, [SUGAR]),
  dish("masculine", "пирог пирога пирогу пирог пирогом пироге", BAKE, [FLOUR, SUGAR, BUTTER]),
  dish("masculine", "хлеб хлеба хлебу хлеб хлебом хлебе", BAKE, [FLOUR, SALT]),
  dish("neuter", "печенье печенья печенью печенье печеньем печенье", BAKE, [FLOUR, SUGAR, MILK]),
];

/** The family. */
export const FAMILY: readonly RussianNoun[] = [
  ...nouns("feminine", true, [
    "мама мамы маме маму мамой маме",
    "бабушка бабушки бабушке бабушку бабушкой бабушке",
    "тётя тёти тёте тётю тётей тёте",
  ]),
  ...nouns("masculine", true, [
    "папа папы папе папу папой папе",
    "дедушка дедушки дедушке дедушку дедушкой дедушке",
    "дядя дяди дяде дядю дядей дяде",
  ]),
];

/** Children. */
export const RUSSIAN_CHILDREN: readonly RussianNoun[] = [
  ...nouns("feminine", true, [
    "Маша Маши Маше Машу Машей Маше",
    "Даша Даши Даше Дашу Дашей Даше",
    "Оля Оли Оле Олю Олей Оле",
    "Катя Кати Кате Катю Катей Кате",
    "Аня Ани Ане Аню Аней Ане",
    "Соня Сони Соне Соню Соней Соне",
    "Юля Юли Юле Юлю Юлей Юле",
    "Лена Лены Лене Лену Леной Лене",
  ]),
  ...nouns("masculine", true, [
    "Петя Пети Пете Петю Петей Пете",
    "Миша Миши Мише Мишу Мишей Мише",
    "Коля Коли Коле Колю Колей Коле",
    "Ваня Вани Ване Ваню Ваней Ване",
    "Антон Антона Антону Антона Антоном Антоне",
    "Олег Олега Олегу Олега Олегом Олеге",
    "Егор Егора Егору Егора Егором Егоре",
    "Иван Ивана Ивану Ивана Иваном Иване",
  ]),
];
