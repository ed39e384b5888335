// Scenes of a day: rain, winter, the kitchen, the garden, a visit, the evening.

import type { Adjective } from "./grammar.ts";
import {
  about,
  countNouns,
  LOOKS,
  past,
  phrase,
  pronounsOf,
  short,
  speak,
  together,
} from "./grammar.ts";
import { BELONGINGS, DISHES, FAMILY, PLANTS } from "./nouns.ts";
import { type Scene, upper } from "./scene.ts";

const BIG: Adjective = { stem: "больш", declension: "stressedSibilant" };
const BEAUTIFUL: Adjective = { stem: "красив", declension: "hard" };
const TASTY: Adjective = { stem: "вкусн", declension: "hard" };

/** What a snowman can wear on his head or neck. */
const SNOWMAN_CLOTHES = BELONGINGS.filter(({ nominative }) =>
  ["шарф", "шапка", "ведро"].includes(nominative)
);

/** Дождь: somebody gets wet, because the umbrella stayed at home, and dries. */
export function rain({ dice, hero, pronouns, adult, friend, place }: Scene): string[] {
  const name = hero.nominative;
  const he = upper(pronouns.subject);
  const isWarned = dice.chance(0.5);
  const drink = dice.pick(["горячий чай", "тёплое молоко", "горячий суп", "сладкое какао"]);
  return [
    (isWarned
      ? `Утром небо было серое. ${upper(adult.nominative)} ${
        past("сказал", adult)
      }: «Возьми зонт». Но ${name} не ${past("послушал", hero)} и ${
        past("пошёл", hero)
      } ${place.to} без зонта.`
      : `Светило солнце, и ${name} ${past("оставил", hero)} зонт дома. ${he} ${
        past("пошёл", hero)
      } ${place.to}.`) +
    ` Там ${pronouns.subject} ${past("играл", hero)} ${together(friend.instrumental)}.`,
    `Вдруг пошёл сильный дождь. ${name} ${past("побежал", hero)} домой, но всё равно ${
      past("промок", hero)
    }. Куртка была мокрая, и ботинки были мокрые. ` +
    dice.pick([
      `${he} ${past("дрожал", hero)} от холода.`,
      `${friend.nominative} тоже ${past("промок", friend)}.`,
      `Вода текла по лицу.`,
    ]),
    `Дома ${name} ${past("снял", hero)} куртку и ${past("сел", hero)} у печки. ${
      upper(adult.nominative)
    } ${past("дал", adult)} ${pronouns.dative} ${drink}. Скоро куртка высохла, и ${name} ${
      past("согрелся", hero)
    }. ` +
    dice.pick([
      speak("Теперь я всегда буду брать зонт.", hero),
      `На другой день ${pronouns.subject} ${past("взял", hero)} зонт.`,
      isWarned
        ? speak(`Я же ${past("говорил", adult)}: возьми зонт.`, adult)
        : speak("Надо было взять зонт.", adult),
    ]),
  ];
}

/** Зима: a snowman is built and gets what a friend brings. */
export function winter({ dice, hero, friend, adult, look }: Scene): string[] {
  const name = hero.nominative;
  const clothes = dice.pick(SNOWMAN_CLOTHES);
  const nose = dice.pick(["морковка", "шишка", "картошка"]);
  return [
    dice.pick([
      `Пришла зима. Ночью выпал снег, и утром всё было белое.`,
      `Был холодный зимний день. Всю ночь шёл снег.`,
    ]) + ` ${name} и ${friend.nominative} вышли во двор лепить снеговика.`,
    `${name} ${past("сделал", hero)} большой ком, а ${friend.nominative} ${
      past("сделал", friend)
    } маленький. Носом стала ${nose}. ` +
    speak(`Я принесу снеговику ${phrase(look, clothes, "accusative")}.`, friend) +
    ` ${friend.nominative} ${
      past("принёс", friend)
    } ${clothes.accusative}, и снеговик стал очень красивым.`,
    dice.pick([
      `${name} ${past("замёрз", hero)}, и ${adult.nominative} ${
        past("позвал", adult)
      } всех пить чай.`,
      `${upper(adult.nominative)} ${past("вышел", adult)} посмотреть. ` +
      speak("Какой хороший снеговик!", adult),
    ]) + " " + dice.pick([
      `Потом пришла весна, и снеговик растаял. Остались только ${nose} и ${
        phrase(look, clothes, "nominative")
      }.`,
      `Вечером ${name} ${past("смотрел", hero)} в окно. Снеговик стоял во дворе, и ${
        phrase(look, clothes, "nominative")
      } ${past("был", clothes)} в снегу.`,
    ]),
  ];
}

/** Кухня: something is cooked, one thing is missing, and a friend has it. */
export function kitchen({ dice, hero, pronouns, adult, friend }: Scene): string[] {
  const name = hero.nominative;
  const dish = dice.pick(DISHES);
  const it = pronounsOf(dish);
  const missing = dice.pick(dish.needs);
  const { genitive: none, accusative: some } = missing;
  return [
    dice.pick([
      `${name} и ${adult.nominative} решили ${dish.cook} ${dish.accusative}.`,
      `${upper(adult.nominative)} ${
        past("сказал", adult)
      }: «Сегодня мы будем готовить ${dish.accusative}». ${name} ${past("обрадовался", hero)}.`,
    ]) + ` Но дома не было ${none}. ` + speak(`Где взять ${some}?`, hero),
    `${name} ${past("пошёл", hero)} к ${friend.dative}. ` +
    speak(`У тебя есть ${missing.nominative}?`, hero) +
    ` ${friend.nominative} ${past("дал", friend)} ${pronouns.dative} ${some}. ` +
    speak("Спасибо!", hero),
    `Скоро ${dish.nominative} ${past("был", dish)} ${short("готов", dish)}. ${name} ${
      past("позвал", hero)
    } ${friend.accusative}, и они вместе ели ${phrase(TASTY, dish, "accusative")}. ` +
    dice.pick([
      speak(
        `Кто ${dish.cooked} ${SUCH[dish.gender]} ${phrase(TASTY, dish, "accusative")}?`,
        friend,
      ) + " " +
      speak(`Мы с ${adult.instrumental}.`, hero),
      `${upper(it.subject)} всем ${past("понравился", dish)}.`,
      `${friend.nominative} ${
        past("съел", friend)
      } больше всех, потому что без ${friend.genitive} не было бы ${none}.`,
    ]),
  ];
}

/** "такой" in the accusative of things. */
const SUCH = { masculine: "такой", feminine: "такую", neuter: "такое" } as const;

/** Сад: a seed is planted, nobody believes in it, and it grows. */
export function garden({ dice, hero, pronouns, adult, friend, place }: Scene): string[] {
  const name = hero.nominative;
  const plant = dice.pick(PLANTS);
  const look = dice.pick([BIG, BEAUTIFUL]);
  const days = dice.between(5, 10);
  const time = dice.pick(["Шло время, и наконец", "Прошёл год, и", "Росток рос и рос, и вот"]);
  const where = dice.pick(["у забора", "под окном", "за домом", "около калитки"]);
  return [
    dice.pick([
      `Весной ${adult.nominative} ${past("дал", adult)} ${hero.dative} семечко.`,
      `Весной ${name} ${past("нашёл", hero)} ${place.at} семечко.`,
    ]) + ` ${name} ${past("посадил", hero)} его ${where} и каждый день ${past("поливал", hero)}. ` +
    speak("Ничего не вырастет.", friend),
    `Прошло ${days} дней. ${name} ${past("пришёл", hero)} утром и ${
      past("увидел", hero)
    } зелёный росток. ` +
    dice.pick([
      `${upper(pronouns.subject)} ${past("обрадовался", hero)} и ${
        past("позвал", hero)
      } ${adult.accusative}.`,
      speak("Смотрите, он растёт!", hero),
    ]),
    `${time} ${where} ${past("вырос", plant)} ${phrase(look, plant, "nominative")}. ` + dice.pick([
      `${friend.nominative} ${past("посмотрел", friend)} на ${plant.accusative} и ${
        past("сказал", friend)
      }: «Я ${past("был", friend)} не ${short("прав", friend)}».`,
      `${upper(adult.nominative)} ${past("похвалил", adult)} ${hero.accusative}.`,
      `${name} ${past("показал", hero)} ${plant.accusative} ${friend.dative}. ` +
      speak("Как красиво!", friend),
    ]),
  ];
}

/** Who may live somewhere else. */
const HOSTS = FAMILY.filter(({ nominative }) => nominative !== "мама" && nominative !== "папа");

/** Поездка: a visit, from which a present is brought home. */
export function visit(
  { dice, hero, pronouns, friend, animal, animalLook, goods, thing, look }: Scene,
): string[] {
  const adult = dice.pick(HOSTS);
  const name = hero.nominative;
  const ride = dice.pick(["на поезде", "на автобусе", "на машине", "на пароходе"]);
  const number = dice.between(3, 9);
  return [
    `${dice.pick(["Летом", "Весной", "Осенью"])} ${name} ${past("поехал", hero)} в деревню. Там ${
      past("жил", adult)
    } ${adult.nominative}. ${name} ${past("ехал", hero)} ${ride} ${
      dice.pick(["весь день", "всё утро", "два часа", "три часа"])
    }.`,
    `У ${adult.genitive} ${past("был", animal)} ${
      phrase(animalLook, animal, "nominative")
    }. Каждое утро ${name} ${
      past("давал", hero)
    } ${animal.dative} ${animal.food}. Потом ${pronouns.subject} ${
      past("собирал", hero)
    } ${goods.plural} и ${past("нашёл", hero)} ${countNouns(number, goods)}.`,
    `Когда ${name} ${past("уезжал", hero)}, ${adult.nominative} ${
      past("подарил", adult)
    } ${pronouns.dative} ${phrase(look, thing, "accusative")}. Дома ${friend.nominative} ${
      past("спросил", friend)
    }: «Откуда у тебя ${phrase(look, thing, "nominative")}?» ` +
    speak(`Это ${past("подарил", adult)} ${adult.nominative}.`, hero) + " " + dice.pick([
      `А ещё ${name} ${past("рассказал", hero)} про ${animal.accusative} и про ${goods.plural}.`,
      speak(`А кто живёт у ${adult.genitive}?`, friend) + " " +
      speak(`Там живёт ${phrase(animalLook, animal, "nominative")}.`, hero),
      speak(`Сколько ты ${past("нашёл", hero)}?`, friend) + " " +
      speak(`Я ${past("нашёл", hero)} ${countNouns(number, goods)}.`, hero),
    ]),
  ];
}

/** Вечер: a tale is told, and dreamed. */
export function evening(
  { dice, hero, pronouns, adult, animal, animalLook, thing, place }: Scene,
): string[] {
  const name = hero.nominative;
  const it = pronounsOf(animal);
  const look = dice.pick(LOOKS);
  return [
    dice.pick([
      `Был поздний вечер. ${name} ${past("лежал", hero)} в кровати, но не ${
        past("хотел", hero)
      } спать.`,
      `Вечером ${name} ${past("попросил", hero)}: «Расскажи мне сказку».`,
    ]) +
    ` ${upper(adult.nominative)} ${past("сел", adult)} рядом и ${
      past("начал", adult)
    } рассказывать сказку ${about(phrase(animalLook, animal, "prepositional"))}.`,
    `«${upper(past("жил", animal))}-${past("был", animal)} ${
      phrase(animalLook, animal, "nominative")
    }. Однажды ${it.subject} ${past("пошёл", animal)} ${place.to} и ${past("нашёл", animal)} ${
      phrase(look, thing, "accusative")
    }. ${upper(animal.nominative)} ${
      past("взял", animal)
    } ${thing.accusative} домой. Там ${it.subject} ${past("съел", animal)} ${animal.food} и ${
      past("лёг", animal)
    } спать».`,
    dice.pick([
      `${name} ${past("закрыл", hero)} глаза и ${
        past("уснул", hero)
      }. Всю ночь ${pronouns.dative} снились ${animal.nominative} и ${
        phrase(look, thing, "nominative")
      }.`,
      speak(`А что ${past("нашёл", animal)} ${animal.nominative}?`, adult) + " " +
      speak(`${upper(phrase(look, thing, "accusative"))}.`, hero) +
      ` Потом ${name} ${past("уснул", hero)}.`,
      `Утром ${name} ${past("нарисовал", hero)} ${
        phrase(animalLook, animal, "accusative")
      }. Рядом ${past("лежал", thing)} ${phrase(look, thing, "nominative")}.`,
    ]),
  ];
}
