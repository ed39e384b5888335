// Scenes with animals: hungry, in trouble, new in the house, guessed.

import { agree, past, phrase, pronounsOf, short, speak, together } from "./grammar.ts";
import { RUSSIAN_ANIMALS, RUSSIAN_PETS } from "./nouns.ts";
import { type Scene, upper } from "./scene.ts";

/** Голод: an animal is hungry and gets what it eats. */
export function hunger(
  { dice, hero, animal, animalLook, place }: Scene,
): string[] {
  const name = hero.nominative;
  const wrong = dice.pick(["суп", "кашу", "салат", "варенье"]);
  return [
    dice.pick([
      `Однажды ${name} ${past("увидел", hero)} ${place.at} ${
        phrase(animalLook, animal, "accusative")
      }. ${upper(animal.nominative)} ${past("был", animal)} ${dice.pick(place.spots)} и грустно ${
        past("смотрел", animal)
      } на ${hero.accusative}.`,
      `${upper(place.at)} ${past("жил", animal)} ${
        phrase(animalLook, animal, "nominative")
      }. Был холодный день, и ${animal.nominative} ${past("был", animal)} ${
        short("голоден", animal)
      }.`,
    ]) + " " + speak("Ты хочешь есть?", hero),
    `${name} ${past("принёс", hero)} ${wrong}, но ${animal.nominative} ничего не ${
      past("съел", animal)
    }. Тогда ${name} ${past("принёс", hero)} ${animal.food}. ${upper(animal.nominative)} всё ${
      past("съел", animal)
    } и ${past("стал", animal)} ${
      agree({ stem: "весёл", declension: "hard" }, animal, "instrumental")
    }.`,
    dice.pick([
      `С тех пор ${name} каждый день ${past("приносил", hero)} ${animal.dative} ${animal.food}.`,
      `Теперь ${name} и ${animal.nominative} дружат.`,
      `${name} ${
        past("понял", hero)
      }, что ${animal.nominative} любит ${animal.food}, а не ${wrong}.`,
      `Потом ${phrase(animalLook, animal, "nominative")} ${past("ушёл", animal)} домой.`,
    ]),
  ];
}

/** Беда: an animal cannot get down or out, and is helped. */
export function rescue(
  { dice, hero, pronouns, adult, friend, animal, animalLook, place }: Scene,
): string[] {
  const name = hero.nominative;
  const helper = dice.pick([adult, friend]);
  const [trouble, tool, deed] = dice.pick([
    ["упал в яму", "верёвку", "вытащил"],
    ["застрял в заборе", "пилу", "освободил"],
    ["попал в сеть", "нож", "освободил"],
    ["упал в воду", "палку", "вытащил"],
    ["застрял между камнями", "лопату", "вытащил"],
  ]);
  const [verb, ...rest] = trouble.split(" ");
  return [
    `${name} ${past("гулял", hero)} ${place.at} и вдруг ${past("услышал", hero)} шум. ${
      upper(phrase(animalLook, animal, "nominative"))
    } ${past(verb, animal)} ${rest.join(" ")}! ` +
    speak(dice.pick(["Не бойся!", "Я помогу тебе!"]), hero),
    `Но ${name} не ${past("смог", hero)} помочь ${short("сам", hero)}. ${upper(pronouns.subject)} ${
      past("побежал", hero)
    } домой и ${past("позвал", hero)} ${helper.accusative}. ${upper(helper.nominative)} ${
      past("взял", helper)
    } ${tool} и ${past("пришёл", helper)} ${place.to}. Вместе они ${deed}и ${
      phrase(animalLook, animal, "accusative")
    }.`,
    dice.pick([
      `${upper(animal.nominative)} ${past("был", animal)} ${
        agree({ stem: "мокр", declension: "hard" }, animal, "instrumental")
      }, но ${agree({ stem: "жив", declension: "stressed" }, animal, "instrumental")}.`,
      `${upper(animal.nominative)} ${past("посмотрел", animal)} на ${hero.accusative} и ${
        past("ушёл", animal)
      } домой.`,
      `${name} ${past("дал", hero)} ${animal.dative} ${animal.food}, и ${animal.nominative} всё ${
        past("съел", animal)
      }.`,
    ]) + " " + dice.pick([
      speak(`Как хорошо, что ты ${past("позвал", hero)} меня.`, helper),
      `Теперь ${name} часто вспоминает про ${phrase(animalLook, animal, "accusative")}.`,
      `На другой день ${phrase(animalLook, animal, "nominative")} снова ${
        past("пришёл", animal)
      } к ${hero.dative}.`,
    ]),
  ];
}

/** Загадка: where it lives, what it eats, what it does. */
export function puzzle({ dice, hero, friend, pronouns, animal, adult }: Scene): string[] {
  const name = hero.nominative;
  const wrong = dice.pick(
    RUSSIAN_ANIMALS.filter(({ home, food }) => home !== animal.home && food !== animal.food),
  );
  return [
    dice.pick([
      `${name} и ${friend.nominative} играли в загадки.`,
      `Вечером ${friend.nominative} ${past("загадал", friend)} ${hero.dative} загадку.`,
    ]) + " " + speak(`Это животное живёт ${animal.home}. Кто это?`, friend),
    `${name} ${past("подумал", hero)} и ${past("ответил", hero)}: «Это ${wrong.nominative}». ` +
    speak(
      `Нет, ${wrong.nominative} живёт ${wrong.home}. Моё животное ест ${animal.food} и ${animal.fact}.`,
      friend,
    ),
    `Тогда ${name} ${past("понял", hero)}. ` + speak(`Это ${animal.nominative}!`, hero) + " " +
    dice.pick([
      speak("Правильно!", friend),
      `${friend.nominative} ${past("засмеялся", friend)}: это и правда ${
        past("был", animal)
      } ${animal.nominative}.`,
    ]) + " " + dice.pick([
      `Потом ${pronouns.subject} ${short("сам", hero)} ${past("загадал", hero)} загадку.`,
      `${upper(adult.nominative)} ${past("слушал", adult)} и ${past("улыбался", adult)}.`,
      `А кто живёт ${wrong.home} и ест ${wrong.food}? Это ${wrong.nominative}.`,
    ]),
  ];
}

/** Новый друг: an animal comes into the house and gets used to it. */
export function newFriend(
  { dice, hero, pronouns, adult, animalLook, thing, look }: Scene,
): string[] {
  const name = hero.nominative;
  const animal = dice.pick(RUSSIAN_PETS);
  const it = pronounsOf(animal);
  return [
    dice.pick([
      `${upper(adult.nominative)} ${past("принёс", adult)} домой ${
        phrase(animalLook, animal, "accusative")
      }.`,
      `Однажды к дому ${past("пришёл", animal)} ${phrase(animalLook, animal, "nominative")}.`,
    ]) +
    ` Сначала ${animal.nominative} всего ${past("боялся", animal)} и ${
      past("сидел", animal)
    } под столом. ${name} ${past("сел", hero)} рядом и тихо ${
      past("говорил", hero)
    } с ${it.companion}.`,
    `Потом ${name} ${past("дал", hero)} ${animal.dative} ${animal.food}. ${upper(it.subject)} ${
      past("вышел", animal)
    } из-под стола и всё ${past("съел", animal)}. ` +
    `${name} ${past("показал", hero)} ${it.dative} ${
      phrase(look, thing, "accusative")
    }, и они стали играть.`,
    `Ночью ${animal.nominative} ${past("спал", animal)} рядом ${together(hero.instrumental)}. ` +
    dice.pick([
      `Больше ${it.subject} ничего не ${past("боялся", animal)}.`,
      `Утром ${name} ${past("проснулся", hero)} и ${
        past("увидел", hero)
      }, что ${animal.nominative} играет ${together(phrase(look, thing, "instrumental"))}.`,
      `${upper(adult.nominative)} ${
        past("сказал", adult)
      }, что теперь у ${hero.genitive} есть друг.`,
      `Так ${pronouns.subject} ${past("нашёл", hero)} друга.`,
    ]),
  ];
}
