"""Chinese surnames: what a name of a Han person begins with.

The single and double surnames of the Song dynasty's *Hundred Family Surnames* (百家姓), and some that are frequent today.
"""

from __future__ import annotations

_LONGEST = 4
"""Characters of the name of a Han person, at most."""
_SINGLE = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳酆鲍史唐"
    "费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁"
    "杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯昝管卢莫经房裘缪干解应宗丁宣贲邓郁单杭洪包诸左石崔吉钮龚"
    "程嵇邢滑裴陆荣翁荀惠甄曲家封芮羿储靳汲邴糜松井段富巫乌焦巴弓牧隗山谷车侯宓蓬全郗班仰秋仲伊宫宁仇栾暴甘钭厉戎祖武符刘景詹束龙叶幸"
    "司韶郜黎蓟薄印宿白怀蒲邰从鄂索咸籍赖卓蔺屠蒙池乔阴胥能苍双闻莘党翟谭贡劳逄姬申扶堵冉宰郦雍郤璩桑桂濮牛寿通边扈燕冀郏浦尚农温别庄"
    "晏柴瞿阎充慕连茹习宦艾鱼容向古易慎戈廖庾终暨居衡步都耿满弘匡国文寇广禄阙东欧殳沃利蔚越夔隆师巩厍聂晁勾敖融冷訾辛阚那简饶空曾毋沙乜"
    "养鞠须丰巢关蒯相查后荆红游竺权逯盖益桓公楚闫法汝鄢涂钦归海岳帅缑亢况郈有琴商牟佘佴伯赏墨哈谯笪年爱阳佟"
    "肖付邸揭冼覃代候苟谌鹿仝芦郄门辜卿晋粟鲜尧区母由位来侍信修展尉巨底庆庹征战揣撒旷普智栗桃樵欣洛流燃甫由相蒿蹇迟郇郎銮锁隋雒靖靳颉禚麦"
    "亓禤佀仉凃贠郅芈苑苌苻茆菅虢褟缐爨妫姒嬴恽檀仵侬俸冮盘奉植税肇萨镡隽骈麴楼邝牙官占綦种练原敬睢眭粘漆衣铁虎黑豆呼初矫闪朴刀岩操渠沐寸弋忻拓畅才补资银折招昃冶鄞鄯翦赫衷稂郐妘玄甯仡冒"
)
_DOUBLE = "万俟 司马 上官 欧阳 夏侯 诸葛 闻人 东方 赫连 皇甫 尉迟 公羊 澹台 公冶 宗政 濮阳 淳于 单于 太叔 申屠 公孙 仲孙 轩辕 令狐 钟离 宇文 长孙 慕容 鲜于 闾丘 司徒 司空 司寇 端木 公西 漆雕 乐正 壤驷 公良 拓跋 夹谷 谷梁 百里 呼延 羊舌 微生 梁丘 左丘 西门 南宫 第五"


def begins_with_surname(name: str) -> bool:
    """Whether a name begins with a Chinese surname.

    Parameters
    ----------
    name : str

    Examples
    --------
    >>> [begins_with_surname(name) for name in ("冼文", "欧阳文", "洗文", "姓名冼文")]
    [True, True, False, False]
    """
    return name[:1] in _SINGLE or name[:2] in _DOUBLE.split()


def lacks_surname(name: str) -> bool:
    """Whether a name is as short as those of Han people and begins with none of their surnames.

    Parameters
    ----------
    name : str

    Examples
    --------
    >>> [lacks_surname(name) for name in ("男孟军", "孟军", "木合·艾山", "扎西尼玛多吉")]
    [True, False, False, False]
    """
    return 1 < len(name) <= _LONGEST and "·" not in name and not begins_with_surname(name)
