// Scenes about a thing: lost and found, given, swapped, counted.

import {
  both,
  countNouns,
  LOOKS,
  my,
  past,
  phrase,
  pronounsOf,
  short,
  speak,
  together,
} from "./grammar.ts";
import { BELONGINGS } from "./nouns.ts";
import { RUSSIAN_INDOORS, type Scene, upper } from "./scene.ts";

/** Потеря: a thing is left somewhere, searched at home, and found where it was left. */
export function loss(
  { dice, hero, pronouns, adult, friend, thing, look, place }: Scene,
): string[] {
  const name = hero.nominative;
  const he = upper(pronouns.subject);
  const it = pronounsOf(thing);
  const spot = dice.pick(place.spots);
  const [first, second] = dice.sample(RUSSIAN_INDOORS, 2);
  const helper = dice.pick([adult, friend]);
  return [
    dice.pick([
      `У ${hero.genitive} ${past("был", thing)} ${
        phrase(look, thing, "nominative")
      }. Утром ${name} ${past("взял", hero)} ${phrase(look, thing, "accusative")} и ${
        past("пошёл", hero)
      } ${place.to}. Там ${pronouns.subject} долго ${past("играл", hero)} и ${
        past("оставил", hero)
      } ${thing.accusative} ${spot}.`,
      `Однажды ${name} ${past("был", hero)} ${place.at} ${
        together(phrase(look, thing, "instrumental"))
      }. ${he} ${past("сел", hero)} ${spot}, ${past("положил", hero)} ${thing.accusative} рядом и ${
        past("забыл", hero)
      } ${it.object} там.`,
    ]),
    `Вечером ${name} ${past("хотел", hero)} взять ${thing.accusative}, но не ${
      past("нашёл", hero)
    }. ${he} ${past("искал", hero)} ${first} и ${second}. ${upper(thing.nominative)} ${
      past("пропал", thing)
    }! ` +
    speak(`Где ${my(thing)} ${thing.nominative}?`, hero) + " " +
    dice.pick([
      `${name} ${past("заплакал", hero)}.`,
      `${name} ${past("был", hero)} очень ${short("расстроен", hero)}.`,
    ]),
    speak(`Вспомни, где ты ${past("был", hero)}.`, helper) + " " +
    speak(`Я ${past("был", hero)} ${place.at}.`, hero) +
    ` Они вместе пошли ${place.to}. ${upper(phrase(look, thing, "nominative"))} ${
      past("лежал", thing)
    } ${spot}! ` +
    dice.pick([
      `${name} ${past("обрадовался", hero)} и ${past("обнял", hero)} ${helper.accusative}.`,
      speak("Спасибо тебе!", hero),
      `Больше ${name} никогда не ${past("забывал", hero)} ${thing.accusative} ${spot}.`,
    ]),
  ];
}

/** How a present may look. */
const PRESENTABLE = LOOKS.filter(({ stem }) => stem !== "стар");

/** Подарок: a thing is bought or made for a birthday. */
export function present(
  { dice, hero, pronouns, friend, friendPronouns, adult, thing }: Scene,
): string[] {
  const look = dice.pick(PRESENTABLE);
  const name = hero.nominative;
  const he = upper(pronouns.subject);
  const where = dice.pick(["в магазин", "на рынок", "в город"]);
  return [
    dice.pick([
      `Завтра у ${friend.genitive} день рождения. ${name} ${past("думал", hero)}, что подарить.`,
      `${friend.nominative} ${
        past("позвал", friend)
      } ${hero.accusative} на день рождения. ${name} ${past("хотел", hero)} принести подарок.`,
    ]) +
    ` ${he} ${past("знал", hero)}, что у ${friend.genitive} нет ${
      phrase(look, thing, "genitive")
    }. ` +
    speak(`Я подарю ${friend.dative} ${phrase(look, thing, "accusative")}.`, hero),
    `${name} и ${adult.nominative} пошли ${where}. Там они увидели ${
      phrase(look, thing, "accusative")
    }. ` +
    dice.pick([
      `${upper(adult.nominative)} ${past("купил", adult)} ${thing.accusative} и ${
        past("отдал", adult)
      } ${hero.dative}.`,
      `${name} ${past("отдал", hero)} за ${thing.accusative} все свои деньги.`,
    ]),
    `На другой день ${name} ${past("пришёл", hero)} к ${friend.dative} ${
      together(phrase(look, thing, "instrumental"))
    }. ` +
    `${friend.nominative} ${past("открыл", friend)} коробку и ${
      past("увидел", friend)
    } ${thing.accusative}. ` +
    speak(dice.pick(["Какой хороший подарок!", `Я так ${short("рад", friend)}!`]), friend) + " " +
    dice.pick([
      `${upper(friendPronouns.subject)} весь день ${past("играл", friend)} ${
        together(phrase(look, thing, "instrumental"))
      }.`,
      `${name} тоже ${past("был", hero)} ${short("рад", hero)}.`,
      `С тех пор у ${friend.genitive} есть ${phrase(look, thing, "nominative")}.`,
    ]),
  ];
}

/** Обмен: two things are swapped. */
export function swap({ dice, hero, friend, thing, look, place, adult }: Scene): string[] {
  const name = hero.nominative;
  const other = dice.pick(BELONGINGS.filter((noun) => noun !== thing));
  const friendLook = dice.pick(LOOKS.filter((adjective) => adjective !== look));
  return [
    `У ${hero.genitive} ${past("был", thing)} ${
      phrase(look, thing, "nominative")
    }, а у ${friend.genitive} ${past("был", other)} ${
      phrase(friendLook, other, "nominative")
    }. Они встретились ${place.at}.`,
    speak(`Дай мне ${other.accusative}, а я дам тебе ${thing.accusative}.`, hero) + " " +
    dice.pick([
      `${friend.nominative} ${past("согласился", friend)}.`,
      speak("Давай!", friend),
    ]) +
    ` Теперь у ${hero.genitive} ${past("был", other)} ${
      phrase(friendLook, other, "nominative")
    }, а у ${friend.genitive} ${past("был", thing)} ${phrase(look, thing, "nominative")}.`,
    dice.pick([
      `Вечером ${name} ${past("показал", hero)} ${
        phrase(friendLook, other, "accusative")
      } ${adult.dative}. ` +
      speak(`А где ${phrase(look, thing, "nominative")}?`, adult) + " " +
      speak(`${upper(thing.nominative)} теперь у ${friend.genitive}.`, hero),
      `Дома ${name} долго ${past("играл", hero)} ${
        together(phrase(friendLook, other, "instrumental"))
      }. А ${friend.nominative} ${past("играл", friend)} ${
        together(phrase(look, thing, "instrumental"))
      }. ${both(hero, friend)} были довольны.`,
      `Но ночью ${name} ${past("вспомнил", hero)} про ${phrase(look, thing, "accusative")} и ${
        past("заплакал", hero)
      }. Утром ${friend.nominative} ${
        past("отдал", friend)
      } ${thing.accusative} обратно, а ${name} ${past("вернул", hero)} ${other.accusative}.`,
    ]),
  ];
}

/** Счёт: things are found, given, and counted. */
export function sum(
  { dice, hero, pronouns, friend, friendPronouns, adult, goods, place }: Scene,
): string[] {
  const name = hero.nominative;
  const first = dice.between(2, 6);
  const more = dice.between(2, 10 - first);
  const total = first + more;
  const given = dice.between(2, total - 2);
  const left = total - given;
  const ones = (number: number) => countNouns(number, goods);
  return [
    dice.pick([
      `У ${hero.genitive} было ${ones(first)}. ${friend.nominative} ${
        past("дал", friend)
      } ${pronouns.dative} ещё ${more}.`,
      `${name} ${past("пошёл", hero)} ${place.to} и ${past("нашёл", hero)} там ${
        ones(first)
      }. Потом ${pronouns.subject} ${past("нашёл", hero)} ещё ${more}.`,
    ]) + ` Теперь у ${hero.genitive} ${ones(total)}.`,
    dice.pick([
      `По дороге домой ${name} ${past("встретил", hero)} ${friend.accusative} и ${
        past("отдал", hero)
      } ${friendPronouns.dative} ${ones(given)}.`,
      `Дома ${name} ${past("отдал", hero)} ${adult.dative} ${ones(given)}.`,
      `Потом ${name} ${past("потерял", hero)} ${ones(given)}.`,
    ]) + ` Осталось ${ones(left)}.`,
    speak("Сколько у тебя осталось?", adult) + " " +
    speak(`У меня ${ones(left)}.`, hero) + " " +
    dice.pick([
      `${upper(adult.nominative)} ${
        past("посчитал", adult)
      }: ${total} - ${given} = ${left}. Всё верно!`,
      speak("А сколько было сначала?", adult) + " " + speak(`Сначала было ${first}.`, hero),
      speak("А сколько было у тебя раньше?", adult) + " " + speak(`Было ${total}.`, hero),
    ]),
  ];
}
